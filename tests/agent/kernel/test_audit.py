"""auditd's log, as auditd 3.0.9 wrote it in its enriched format."""

from pathlib import Path

import pytest

from fim.agent.changes.difference import Difference
from fim.agent.changes.facts import user_name
from fim.agent.config.sections import WhoSettings
from fim.agent.enrich.who import WhoEnricher
from fim.agent.kernel.audit import AuditParser
from fim.agent.kernel.audit_reader import AuditReader
from fim.agent.kernel.writer_history import WriterHistory

AT = 1795351457.36
CAPTURED = (Path(__file__).parent / "captured" / "audit.log").read_bytes()


def accesses_to(path, key="picket", captured=CAPTURED):
    accesses = AuditParser(key).feed(captured.splitlines(keepends=True))
    return [access.process.name for access in accesses if path in access.paths]


@pytest.mark.parametrize(
    ("path", "names"),
    [
        (b"/srv/www/a b.txt", ["sh", "mv"]),
        (b"/srv/www/c.txt", ["mv", "chmod"]),
        (b"/srv/www/new\nline", ["touch"]),
        (b"/srv/www/\xff\xfe.bin", ["sh"]),
        (b"/srv/www/link", ["ln"]),
    ],
)
def test_names_the_process_of_each_change(path, names):
    assert accesses_to(path) == names


def test_reads_who_the_process_was():
    process = AuditParser("picket").feed(CAPTURED.splitlines())[0].process

    assert (process.uid, process.login_uid, process.executable) == (1000, 1000, "/usr/bin/dash")
    assert process.command_line == 'sh -c echo x > "a b.txt"'


def test_does_not_guess_the_directory_of_a_name_below_a_descriptor():
    assert accesses_to(b"/srv/www/x") == []
    assert accesses_to(b"/srv/www/d") == ["rm"]


def test_leaves_out_calls_that_failed():
    failed = CAPTURED.replace(b"success=yes", b"success=no")

    assert accesses_to(b"/srv/www/c.txt", captured=failed) == []


def test_takes_only_its_own_key_of_several():
    several = CAPTURED.replace(b'key="picket"', b"key=" + b"web\x01picket".hex().upper().encode())

    assert accesses_to(b"/srv/www/new\nline", captured=several) == ["touch"]
    assert accesses_to(b"/srv/www/new\nline", key="other", captured=several) == []


def test_joins_records_that_are_written_between_those_of_another_event():
    touch, move = _records(b":13)"), _records(b":14)")
    mixed = touch[:3] + move[:5] + touch[3:] + move[5:]

    found = AuditParser("picket").feed(mixed)

    assert [access.process.name for access in found] == ["touch", "mv"]
    assert found[0].paths == [b"/srv/www/new\nline"]


def test_follows_the_log_through_its_rotation(tmp_path):
    log, history = tmp_path / "audit.log", WriterHistory()
    log.write_bytes(b"")
    reader = AuditReader(str(log), "picket", history)
    _append(log, b":13)")
    log.rename(tmp_path / "audit.log.1")
    _append(log, b":14)")

    reader.catch_up()

    assert _writers(history, b"/srv/www/new\nline") == ["touch"]
    assert _writers(history, b"/srv/www/c.txt") == ["mv"]
    reader.stop()


def test_waits_for_the_rest_of_a_line_that_is_half_written(tmp_path):
    log, history = tmp_path / "audit.log", WriterHistory()
    log.write_bytes(b"")
    reader = AuditReader(str(log), "picket", history)
    content = b"\n".join(_records(b":13)")) + b"\n"
    with log.open("ab", buffering=0) as file:
        file.write(content[:200])
        reader.catch_up()
        file.write(content[200:])

    reader.catch_up()

    assert _writers(history, b"/srv/www/new\nline") == ["touch"]
    reader.stop()


def test_says_nothing_while_records_were_passed_over(tmp_path, monkeypatch):
    monkeypatch.setattr("fim.agent.kernel.audit_reader.MAX_BYTES", 3000)
    log, history = tmp_path / "audit.log", WriterHistory()
    log.write_bytes(b"")
    reader = AuditReader(str(log), "picket", history)
    _append(log, b":13)")
    reader.catch_up()
    with log.open("ab") as file:
        file.write(CAPTURED)

    reader.catch_up()

    assert _writers(history, b"/srv/www/new\nline") == []
    reader.stop()


def test_a_log_says_what_auditd_recorded(tmp_path):
    records = tmp_path / "audit.log"
    records.write_bytes(b"")
    who = WhoEnricher(WhoSettings(method="audit", audit_log=str(records)), ["/srv/www"])
    who.start()
    _append(records, b":13)")
    log = {"attributes": {"count": 2}}

    who.enrich(log, Difference("created", "/srv/www/new\nline", first_at=AT, last_at=AT))

    who.stop()
    assert (who.method, who.reason) == ("audit", "")
    assert (log["process"], log["executable"]) == ("touch", "/usr/bin/touch")
    assert log["user"] == log["attributes"]["login_user"] == user_name(1000, 0)
    assert (log["attributes"]["count"], log["attributes"]["uid"]) == (2, 1000)


def _records(number):
    return [line for line in CAPTURED.splitlines() if number in line]


def _append(log, number):
    with log.open("ab") as file:
        file.write(b"\n".join(_records(number)) + b"\n")


def _writers(history, path):
    return [process.name for process in history.writers([path], 0.0, 0.0)]
