"""Lines of DHIMP's old text log."""

import contextlib
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fim.formats import dhimp_text
from fim.record.fields import InvalidRecord
from fim.record.reading import read_log

LINE = (
    "[31-12-2025 23:59:59] [BAHAYA] DIUBAH: /srv/web/index.php oleh budi (via vim -> /usr/bin/vim)"
)


def log_of(line):
    (log,) = dhimp_text.parse(line).logs
    return log.fields


def tail_of(tail):
    log = log_of(f"[31-12-2025 23:59:59] [BAHAYA] DIUBAH: {tail}")
    return [log.get(name, "") for name in ("path", "user", "process", "executable")]


def test_reads_each_field():
    log = log_of(LINE)

    assert log.pop("event_id")
    assert log == {
        "timestamp": "2025-12-31T23:59:59",
        "severity": "[BAHAYA]",
        "action": "DIUBAH",
        "path": "/srv/web/index.php",
        "user": "budi",
        "process": "vim",
        "executable": "/usr/bin/vim",
        "full_log": LINE,
        "source": "dhimp",
    }


@pytest.mark.parametrize(
    ("tag", "category", "rule"),
    [
        ("[MALWARE] PHP_Webshell_Payload", "malware", "PHP_Webshell_Payload"),
        ("[BAHAYA]", "danger", ""),
        ("[KEGIATAN MENCURIGAKAN]", "suspicious", ""),
        ("[NORMAL]", "normal", ""),
        ("Normal", "normal", ""),
    ],
)
def test_reads_the_tag_as_the_contract_does(tag, category, rule):
    fields = log_of(LINE.replace("[BAHAYA]", tag))

    log = read_log(fields, received_at=datetime(2026, 1, 1, tzinfo=UTC), default_host="n")
    assert (log.severity, log.category, log.rule) == (tag, category, rule)


@pytest.mark.parametrize(
    ("tail", "parts"),
    [
        ("/a b/c d.txt oleh budi (via vi -> /bin/vi)", ["/a b/c d.txt", "budi", "vi", "/bin/vi"]),
        ("/x oleh y/z oleh budi (via vi -> /bin/vi)", ["/x oleh y/z", "budi", "vi", "/bin/vi"]),
        ("/x oleh y/z (via vi -> /bin/vi)", ["/x oleh y/z", "", "vi", "/bin/vi"]),
        ("/x oleh budi", ["/x", "budi", "", ""]),
        ("/x", ["/x", "", "", ""]),
        ("/x (via cron)", ["/x", "", "cron", ""]),
        ("/x oleh budi (via vi -> tmp", ["/x", "budi", "vi -> tmp", ""]),
        ("/x (via y) oleh budi (via vi -> /bin/vi)", ["/x (via y)", "budi", "vi", "/bin/vi"]),
        ("/x oleh  (via )", ["/x", "", "", ""]),
    ],
)
def test_tolerates_odd_tails(tail, parts):
    assert tail_of(tail) == parts


@pytest.mark.parametrize("action", ["DITAMBAHKAN", "DIHAPUS", "IN_ATTRIB", "IN_CREATE,IN_ISDIR"])
def test_keeps_the_word_of_the_action_as_sent(action):
    assert log_of(LINE.replace("DIUBAH", action))["action"] == action


def test_keeps_an_odd_time_aside():
    log = log_of(LINE.replace("31-12", "31-02"))

    assert "timestamp" not in log
    assert log["attributes"] == {"timestamp_sent": "2025-02-31T23:59:59"}


def test_gives_equal_lines_one_id_and_others_another():
    assert log_of(LINE)["event_id"] == log_of(f"{LINE}\n")["event_id"]
    assert log_of(LINE)["event_id"] != log_of(LINE.replace("budi", "sari"))["event_id"]


@pytest.mark.parametrize(
    "record",
    [
        "",
        "[31-12-2025 23:59:59] [INFO] started: all is well",
        "31-12-2025 23:59:59 DIUBAH: /a",
        None,
        {"message": LINE},
    ],
)
def test_recognises_nothing_else(record):
    assert not dhimp_text.recognises(record)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 100), st.integers(0, 60), st.text(max_size=12))
def test_survives_any_text(at, length, text):
    with contextlib.suppress(InvalidRecord):
        dhimp_text.parse(LINE[:at] + text + LINE[at + length :])


@pytest.mark.parametrize(
    "tail",
    [
        "[a" * 100_000,
        "[A]" + " " * 300_000 + "x",
        "[A]" + "DIUBAH" * 50_000,
        "[A] DIUBAH: " + " oleh " * 50_000,
    ],
)
def test_is_not_slowed_down_by_hostile_text(tail):
    started = time.process_time()

    if dhimp_text.recognises(line := f"[31-12-2025 23:59:59] {tail}"):
        dhimp_text.parse(line)

    assert time.process_time() - started < 2
