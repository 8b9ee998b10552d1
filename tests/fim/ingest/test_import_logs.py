"""`manage.py import_logs`: what it reads, what it says, and that a repeat stores nothing twice."""

import gzip
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tracemalloc
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import OutputWrapper

from fim.ingest import file_import, files
from fim.ingest.body import Malformed
from fim.ingest.files import open_records
from fim.logs.serializers import FimLogSerializer
from fim.models import FimLog
from fim.store.counts import recount
from fim.store.write import store_logs
from tests.factories import log_json, make_log, new_log
from tests.fim.formats.mutations import FIXTURES
from tests.node import ROOT, fresh_database
from tests.patience import wait_until

DHIMP = "[31-12-2025 23:59:59] [BAHAYA] DIUBAH: /srv/x oleh budi (via vim -> /usr/bin/vim)"


def lines_of(*records):
    return "".join(
        f"{record if isinstance(record, str) else json.dumps(record)}\n" for record in records
    )


@pytest.fixture
def write(tmp_path):
    def write(content, name="logs.ndjson"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


def run(*paths, **options):
    out = io.StringIO()
    call_command("import_logs", *paths, stdout=out, **options)
    return out.getvalue()


def records_in(content):
    return list(open_records(io.BufferedReader(io.BytesIO(content))))


# What it reads.


@pytest.mark.django_db
def test_stores_the_logs_of_a_file(write):
    path = write(lines_of(log_json(path="/a"), "", log_json(path="/b")))

    assert run(path) == "Accepted 2, repeated 0, ignored 0, refused 0.\n"
    assert {log.path for log in FimLog.objects.all()} == {"/a", "/b"}
    assert recount().drifted == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("aide_grouped.json", 4),
        ("aide_report.txt", 4),
        ("falco_write.json", 1),
        ("sysmon_winlogbeat.json", 1),
    ],
)
def test_reads_documents_over_several_lines(name, count):
    out = run(str(FIXTURES / name))

    assert out == f"Accepted {count}, repeated 0, ignored 0, refused 0.\n"


@pytest.mark.django_db
def test_reads_lines_of_a_tools_log():
    out = run(str(FIXTURES / "samhain_local.log"))

    # Four changes, and the events START, ServiceNew and EXIT.
    assert out == "Accepted 7, repeated 0, ignored 4, refused 0.\n"


@pytest.mark.django_db
def test_reads_the_lines_of_an_ndjson_report_of_aide_together():
    run(str(FIXTURES / "aide_lines.ndjson"))

    log = FimLog.objects.get(path="/opt/shop/a.php")
    assert log.timestamp == datetime(2026, 5, 2, 8, 0, tzinfo=UTC)
    assert log.size_bytes == 40


@pytest.mark.django_db
def test_reads_gzip_by_its_first_bytes(write):
    path = write(gzip.compress(lines_of(log_json()).encode()), "logs.txt")

    assert run(path).startswith("Accepted 1,")


@pytest.mark.django_db
@pytest.mark.parametrize("indent", [None, 2])
def test_reads_an_array(write, indent):
    path = write(json.dumps([log_json(path="/a"), log_json(path="/b")], indent=indent))

    assert run(path).startswith("Accepted 2,")


@pytest.mark.django_db
def test_reads_reports_that_follow_each_other(write):
    report = (FIXTURES / "aide_grouped.json").read_text()

    out = run(write(report + report.replace("2026-05-02 10", "2026-05-03 10")))

    assert out.startswith("Accepted 8,")


@pytest.mark.django_db
def test_reads_the_text_log_of_dhimp_in_the_time_zone_of_the_node(write, settings):
    settings.TIME_ZONE = "Asia/Jakarta"

    run(write(lines_of(DHIMP)), host="web-1")

    log = FimLog.objects.get()
    assert log.timestamp == datetime(2025, 12, 31, 16, 59, 59, tzinfo=UTC)
    assert (log.host, log.category, log.action) == ("web-1", "danger", "modified")
    assert (log.path, log.user, log.process) == ("/srv/x", "budi", "vim")
    assert log.full_log == DHIMP


@pytest.mark.django_db
def test_restores_an_export_of_its_own(write):
    log = make_log(attributes={"pid": 7}, sha256="ab" * 32)
    exported = dict(FimLogSerializer(log).data)
    FimLog.objects.all().delete()

    run(write(lines_of(exported)))

    restored = dict(FimLogSerializer(FimLog.objects.get()).data)
    differing = {name for name in exported if exported[name] != restored[name]}
    assert differing == {"id", "event_id", "received_at"}


@pytest.mark.django_db
def test_reads_a_page_of_the_list_of_logs(write, analyst_client):
    make_log(event_id="7f1a6f8e-5c0d-4f0e-9f5e-0c7c2a8d1b11")
    page = analyst_client.get("/api/logs/").content

    assert run(write(page)) == "Accepted 0, repeated 1, ignored 0, refused 0.\n"


@pytest.mark.django_db
def test_reads_standard_input(monkeypatch):
    content = io.BytesIO(lines_of(log_json()).encode())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(content)))

    assert run("-").startswith("Accepted 1,")


@pytest.mark.django_db
def test_gives_records_without_a_host_the_one_of_the_option(write):
    run(write(lines_of({"path": "/a", "action": "created"})), host="web-8")

    assert FimLog.objects.get().host == "web-8"


@pytest.mark.django_db
def test_refuses_records_that_are_not_of_the_named_format(write):
    out = run(write(lines_of(log_json(), DHIMP)), format="dhimp_text")

    assert out.startswith("Accepted 1, repeated 0, ignored 0, refused 1.\n")
    assert "line 1: Has not the shape of DHIMP's text log." in out


# A repeat stores nothing twice.


@pytest.mark.django_db
def test_stores_nothing_in_a_second_run(write):
    path = write(lines_of(log_json(path="/a"), DHIMP))

    run(path)

    assert run(path) == "Accepted 0, repeated 2, ignored 0, refused 0.\n"
    assert FimLog.objects.count() == 2


@pytest.mark.django_db
def test_takes_equal_lines_of_a_file_for_different_logs(write):
    path = write(lines_of(*[log_json()] * 3))

    assert run(path).startswith("Accepted 3, repeated 0,")
    assert run(path).startswith("Accepted 0, repeated 3,")


@pytest.mark.django_db
def test_stores_only_what_was_added_to_a_file(write):
    run(write(lines_of(*[log_json()] * 2)))

    assert run(write(lines_of(*[log_json()] * 3))).startswith("Accepted 1, repeated 2,")


@pytest.mark.django_db
def test_knows_a_file_again_under_another_name(write):
    content = lines_of(log_json())

    run(write(content, "a.ndjson"))

    assert run(write(gzip.compress(content.encode()), "b.gz")).startswith("Accepted 0, repeated 1,")


@pytest.mark.django_db
def test_leaves_an_event_id_that_a_log_has(write):
    event_id = "7f1a6f8e-5c0d-4f0e-9f5e-0c7c2a8d1b11"

    out = run(write(lines_of(*[log_json(event_id=event_id)] * 2)))

    assert out.startswith("Accepted 1, repeated 1,")
    assert str(FimLog.objects.get().event_id) == event_id


@pytest.mark.django_db
def test_stores_more_than_a_batch(write, monkeypatch):
    monkeypatch.setattr(file_import, "BATCH_RECORDS", 10)
    path = write(lines_of(*(log_json(path=f"/{n}") for n in range(25))))

    assert run(path).startswith("Accepted 25,")
    assert recount().drifted == 0


def count_logs(database_url):
    if not database_url.startswith("postgres"):
        with sqlite3.connect(database_url.removeprefix("sqlite:///"), timeout=30) as database:
            return database.execute("SELECT count(*) FROM fim_fimlog").fetchone()[0]
    import psycopg

    with psycopg.connect(database_url) as database:
        return database.execute("SELECT count(*) FROM fim_fimlog").fetchone()[0]


def manage(env, *arguments):
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=True
    ).stdout


def test_completes_what_a_killed_run_began(tmp_path):
    content = lines_of(*(log_json(path=f"/{n % 1500}") for n in range(4000))).encode()
    with fresh_database(tmp_path) as database_url:
        env = {
            "PATH": os.environ["PATH"],
            "VAR_DIR": str(tmp_path / "var"),
            "DATABASE_URL": database_url,
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        manage(env, "migrate", "--verbosity", "0")
        command = [sys.executable, "manage.py", "import_logs", "-"]
        with subprocess.Popen(command, cwd=ROOT, env=env, stdin=subprocess.PIPE) as killed:
            killed.stdin.write(content[: len(content) * 7 // 10])
            killed.stdin.flush()
            wait_until(lambda: count_logs(database_url) >= 1000)
            killed.send_signal(signal.SIGKILL)
        stored = count_logs(database_url)
        (tmp_path / "logs").write_bytes(content)

        out = manage(env, "import_logs", str(tmp_path / "logs"))

        assert 1000 <= stored < 4000
        assert out.startswith(f"Accepted {4000 - stored}, repeated {stored}, ignored 0, refused 0.")
        assert count_logs(database_url) == 4000
        assert "no count had drifted" in manage(env, "recount")


# What it says.


@pytest.mark.django_db
def test_names_refused_lines_and_why(write):
    path = write(lines_of(log_json(), "", "{broken", {"action": "created"}))

    assert run(path).splitlines() == [
        "Accepted 1, repeated 0, ignored 0, refused 2.",
        f"{path}, line 3: Is no JSON, nor a line of a known tool's log.",
        f"{path}, line 4: path: This field is required.",
    ]


@pytest.mark.django_db
def test_names_the_lines_of_records_in_an_array(write):
    path = write('[\n {"path": "/a", "action": "created"},\n\n {\n"action": "created"}\n]')

    assert f"{path}, line 4: path: This field is required." in run(path)


@pytest.mark.django_db
def test_shows_twenty_refused_lines_and_counts_the_rest(write):
    lines = run(write(lines_of(*["no log"] * 25))).splitlines()

    assert lines[0] == "Accepted 0, repeated 0, ignored 0, refused 25."
    assert len(lines) == 22
    assert lines[-1] == "and 5 more that were refused"


@pytest.mark.django_db
@pytest.mark.parametrize("place", [1, 2, 6])
def test_refuses_a_line_that_is_too_long(write, monkeypatch, place):
    for module in (files, file_import):
        monkeypatch.setattr(module, "MAX_LINE_BYTES", 200)
    records = [log_json(path=f"/{n}") for n in range(6)]
    records.insert(place - 1, log_json(path="/" + "a" * 1000))
    path = write(lines_of(*records))

    assert run(path).splitlines() == [
        "Accepted 6, repeated 0, ignored 0, refused 1.",
        f"{path}, line {place}: Is over 200 bytes long.",
    ]


@pytest.mark.django_db
def test_goes_on_after_a_file_that_cannot_be_read_and_fails_at_the_end(write, tmp_path):
    path, out = write(lines_of(log_json())), io.StringIO()

    with pytest.raises(CommandError) as failed:
        call_command("import_logs", str(tmp_path / "none"), str(tmp_path), path, stdout=out)

    assert str(failed.value).splitlines() == [
        f"{tmp_path}/none: No such file or directory.",
        f"{tmp_path}: Is a directory.",
    ]
    assert out.getvalue().startswith("Accepted 1,")


@pytest.mark.django_db
def test_stores_what_stands_before_damage(write):
    lines = "".join(lines_of(log_json(path=f"/{os.urandom(20).hex()}")) for _ in range(500))
    path, out = write(gzip.compress(lines.encode())[:-400]), io.StringIO()

    with pytest.raises(CommandError, match="The gzip data breaks off or is damaged."):
        call_command("import_logs", path, stdout=out)

    assert 0 < FimLog.objects.count() < 500
    assert out.getvalue().startswith(f"Accepted {FimLog.objects.count()},")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("end", "reason"),
    [(",", "The array breaks off in line 2."), (", {", "From line 2 on it is no JSON.")],
)
def test_says_that_an_array_breaks_off(write, end, reason):
    path, out = write("[\n" + json.dumps(log_json()) + end), io.StringIO()

    with pytest.raises(CommandError, match=reason):
        call_command("import_logs", path, stdout=out)

    assert out.getvalue().startswith("Accepted 1,")


@pytest.mark.django_db
def test_refuses_a_document_that_is_too_long(write, monkeypatch):
    monkeypatch.setattr(files, "MAX_DOCUMENT_BYTES", 100)
    path = write(json.dumps([log_json()] * 9))

    with pytest.raises(CommandError, match="The document is over 100 bytes."):
        call_command("import_logs", path, stdout=io.StringIO())


@pytest.mark.django_db
def test_prints_nothing_when_told_to_be_quiet(write):
    assert run(write(lines_of(log_json(), "no log")), quiet=True) == ""
    assert FimLog.objects.count() == 1


@pytest.mark.django_db
def test_draws_a_bar_on_a_terminal_alone(write):
    path, terminal = write(lines_of(log_json())), io.StringIO()
    terminal.isatty = lambda: True

    call_command("import_logs", path, stdout=OutputWrapper(terminal))

    assert f"[{'#' * 30}] 100% {path}" in terminal.getvalue()
    assert "#" not in run(path)


def test_refuses_an_unknown_format(write):
    with pytest.raises(CommandError, match="invalid choice: 'tripwire'"):
        call_command("import_logs", write(""), "--format", "tripwire")


def test_refuses_a_host_that_is_too_long(write):
    with pytest.raises(CommandError, match="--host: Has 300 characters"):
        call_command("import_logs", write(""), host="h" * 300)


# How a file is taken apart.


@pytest.mark.parametrize("content", [b"", b"\n\n \n", b"[]", b"\xef\xbb\xbf"])
def test_finds_nothing_in_an_empty_file(content):
    assert records_in(content) == []


def test_reads_over_a_byte_order_mark():
    assert records_in(b'\xef\xbb\xbf{"a": 1}\n') == [(1, {"a": 1})]


def test_goes_on_after_a_malformed_first_line():
    assert records_in(b'{"a": \n{"b": 1}\n') == [(1, Malformed('{"a":')), (2, {"b": 1})]


def test_takes_a_moment_in_brackets_for_text():
    assert records_in(f"{DHIMP}\n".encode()) == [(1, Malformed(DHIMP))]


def test_keeps_bytes_that_are_no_text_visible():
    assert records_in(b"caf\xe9\n") == [(1, Malformed("caf\\xe9"))]


@pytest.mark.parametrize("between", [b"\n", b" \n\n", b""])
def test_keeps_a_byte_that_is_no_utf8_in_the_records_of_other_tools(between):
    content = b'{"/caf\xe9":\n 1}' + between + b'{"b": 1}\n'

    assert [record for _, record in records_in(content)] == [{"/caf\udce9": 1}, {"b": 1}]


def test_reads_lines_whose_first_holds_a_byte_that_is_no_utf8():
    assert records_in(b'{"a": "\xe9"}\n{"b": \n{"c": 1}\n') == [
        (1, {"a": "\udce9"}),
        (2, Malformed('{"b":')),
        (3, {"c": 1}),
    ]


def test_reads_an_array_in_a_line():
    assert records_in(b'{"a": 1}\n[{"b": 1}, {"c": 1}]\n') == [
        (1, {"a": 1}),
        (2, {"b": 1}),
        (2, {"c": 1}),
    ]


def test_holds_a_bounded_part_of_a_file_of_lines(tmp_path):
    path = tmp_path / "logs"
    path.write_text(lines_of(log_json(full_log="x" * 400)) * 50_000)  # 25 MB
    tracemalloc.start()

    with path.open("rb") as stream:
        count = sum(1 for _ in open_records(stream))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert count == 50_000
    assert peak < 1_000_000


HARD_TO_WRITE = [
    {"path": "=cmd|' /C calc'!A0", "full_log": 'a "b",\r\nc', "size_bytes": 7},
    {"path": "'/quoted", "user": "@root", "attributes": {"pid": 1, "diff": "-a\n+b"}},
    {"path": "/srv/données", "seq": 3, "category": "danger", "mode": "0644"},
]


def told(client):
    """The logs of the list by path, without what each node gives a log itself."""
    logs = client.get("/api/logs/").json()["results"]
    own = {"id", "received_at"}
    return {log["path"]: {k: log[k] for k in log.keys() - own} for log in logs}


@pytest.fixture
def exported(analyst_client):
    """A CSV export of logs that are hard to write, which are gone then, and what they were."""
    store_logs([new_log(event_id=f"{n:032x}", **log) for n, log in enumerate(HARD_TO_WRITE)])
    before = told(analyst_client)
    content = b"".join(analyst_client.get("/api/logs/export/?format=csv").streaming_content)
    FimLog.objects.all().delete()
    return content, before


def test_reads_its_own_csv_export(write, analyst_client, exported):
    content, before = exported

    said = run(write(content, "export.csv"))

    assert said.startswith("Accepted 3, repeated 0,")
    assert told(analyst_client) == before
    assert run(write(content, "export.csv")).startswith("Accepted 0, repeated 3,")


def test_says_from_which_line_on_a_csv_is_broken(write, exported):
    content, _ = exported

    with pytest.raises(CommandError):
        run(write(content + b'1,"' + b"x" * 10, "broken.csv"))

    assert FimLog.objects.count() == 3
