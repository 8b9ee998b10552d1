"""`manage.py archive` moves whole months into files, and loses nothing on the way."""

import csv
import fcntl
import gzip
import json
import os
import signal
import stat
import subprocess
import sys
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.core.management.base import OutputWrapper

from fim.models import FimLog
from fim.record.raw import pack_raw
from fim.retention import archive, prune
from fim.store.counts import recount
from fim.store.write import store_logs
from tests.factories import NOON, make_log, new_log
from tests.node import ROOT, fresh_database

# PostgreSQL's VACUUM runs outside of transactions.
pytestmark = pytest.mark.django_db(transaction=True)

JANUARY, FEBRUARY = "2026-01-10T08:00:00Z", "2026-02-10T08:00:00Z"
RAW = '{"rule": {"id": 550}}'


@pytest.fixture(autouse=True)
def _at_noon(monkeypatch):
    """It is noon of 14 March, and nobody rests."""
    monkeypatch.setattr(prune.time, "sleep", lambda seconds: None)
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def run(tmp_path):
    def run(*options, days=7):
        out = StringIO()
        options = ["--older-than-days", str(days), "--directory", str(tmp_path), *options]
        call_command("archive", *options, stdout=out)
        return out.getvalue()

    return run


@pytest.fixture
def lines(tmp_path):
    """Return the rows of an archive, and a row's value of one field where one is named."""

    def lines(name, field="path"):
        with gzip.open(tmp_path / name, "rt") as file:
            return [json.loads(line)[field] for line in file]

    return lines


def files_in(directory):
    return sorted(path.name for path in directory.iterdir() if path.name != ".archive.lock")


def paths():
    return {log.path for log in FimLog.objects.all()}


# What is archived.


def test_moves_each_month_into_a_file_of_its_own(run, lines, tmp_path):
    make_log(path="/feb", timestamp=FEBRUARY)
    make_log(path="/jan-2", timestamp="2026-01-31T23:59:59.999999Z")
    make_log(path="/jan-1", timestamp="2026-01-01T00:00:00Z")

    said = run()

    assert files_in(tmp_path) == ["logs-2026-01.ndjson.gz", "logs-2026-02.ndjson.gz"]
    assert lines("logs-2026-01.ndjson.gz") == ["/jan-1", "/jan-2"]
    assert lines("logs-2026-02.ndjson.gz") == ["/feb"]
    assert said.startswith(
        "Archived 3 logs into logs-2026-01.ndjson.gz, logs-2026-02.ndjson.gz and deleted 3."
    )
    assert (FimLog.objects.count(), recount().drifted) == (0, 0)


@pytest.mark.parametrize(("days", "left"), [(13, 0), (14, 1)])
def test_leaves_a_month_that_is_not_wholly_old_enough(run, days, left):
    make_log(timestamp="2026-02-01T00:00:00Z")

    run(days=days)

    assert FimLog.objects.count() == left


def test_takes_months_of_the_nodes_time_zone(run, lines, settings):
    settings.TIME_ZONE = "Asia/Jakarta"
    make_log(path="/feb-in-jakarta", timestamp="2026-01-31T17:00:00Z")
    make_log(path="/jan-in-jakarta", timestamp="2026-01-31T16:59:59Z")

    run()

    assert lines("logs-2026-01.ndjson.gz") == ["/jan-in-jakarta"]
    assert lines("logs-2026-02.ndjson.gz") == ["/feb-in-jakarta"]


def test_keeps_every_field_and_the_raw_record(run, lines, analyst_client):
    make_log(timestamp=JANUARY, attributes={"pid": 7}, size_bytes=5)
    store_logs([with_raw(new_log(path="/raw", timestamp=JANUARY))])
    shown = analyst_client.get("/api/logs/").json()["results"][::-1]

    run()

    assert lines("logs-2026-01.ndjson.gz", "raw") == [None, RAW]
    for name in shown[0].keys() - {"event_id"}:
        assert lines("logs-2026-01.ndjson.gz", name) == [log[name] for log in shown]


def with_raw(log):
    log.raw = pack_raw(RAW)
    return log


def test_writes_csv_with_everything_too(run, tmp_path):
    store_logs([with_raw(new_log(path="=1", full_log='"\r\n', timestamp=JANUARY))])

    run("--format", "csv")

    with gzip.open(tmp_path / "logs-2026-01.csv.gz", "rt", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["path"], row["full_log"], row["raw"]) == ("'=1", '"\r\n', RAW)
    assert not FimLog.objects.exists()


def test_moves_more_than_a_batch(run, lines, monkeypatch):
    monkeypatch.setattr(archive, "IDS_PER_BATCH", 10)
    store_logs([new_log(path=f"/{n}", timestamp=JANUARY) for n in range(425)])

    run()

    assert lines("logs-2026-01.ndjson.gz") == [f"/{n}" for n in range(425)]
    assert not FimLog.objects.exists()


def test_makes_files_that_their_owner_alone_may_read(run, tmp_path):
    make_log(timestamp=JANUARY)

    run()

    assert stat.S_IMODE((tmp_path / "logs-2026-01.ndjson.gz").stat().st_mode) == 0o600


def test_never_overwrites_an_archive(run, lines, tmp_path):
    for path in ("/1", "/2", "/3"):
        make_log(path=path, timestamp=JANUARY)
        run()

    names = [f"logs-2026-01{n}.ndjson.gz" for n in (".2", ".3", "")]
    assert files_in(tmp_path) == names
    assert [lines(name) for name in names] == [["/2"], ["/3"], ["/1"]]


def test_only_says_what_there_is_in_a_dry_run(run, tmp_path):
    make_log(timestamp=JANUARY)
    store_logs([new_log(timestamp=FEBRUARY) for _ in range(2)])

    said = run("--dry-run")

    assert said == "Would archive 3 logs of 2 months: 2026-01 (1), 2026-02 (2).\n"
    assert (FimLog.objects.count(), files_in(tmp_path)) == (3, [])


def test_finds_nothing_in_a_young_node(run, tmp_path):
    make_log()

    assert run("--dry-run") == "Would archive 0 logs of 0 months.\n"
    assert run().startswith("Archived 0 logs and deleted 0.")
    assert files_in(tmp_path) == []


def test_leaves_what_is_stored_meanwhile(run, lines, monkeypatch):
    publish = archive._publish

    def meanwhile(*args):
        make_log(path="/late", timestamp=JANUARY)
        return publish(*args)

    make_log(path="/early", timestamp=JANUARY)
    monkeypatch.setattr(archive, "_publish", meanwhile)

    run()

    assert (paths(), lines("logs-2026-01.ndjson.gz")) == ({"/late"}, ["/early"])


def test_draws_a_bar_on_a_terminal_alone(run, tmp_path):
    make_log(timestamp=JANUARY)
    terminal = StringIO()
    terminal.isatty = lambda: True

    options = ["--older-than-days", "7", "--directory", str(tmp_path)]
    call_command("archive", *options, stdout=OutputWrapper(terminal))

    assert f"[{'#' * 30}] 100% 2026-01 written" in terminal.getvalue()
    assert "#" not in run()


# What is refused, with nothing deleted.


@pytest.mark.parametrize("damage", [b"", b"\x00" * 40, gzip.compress(b"", mtime=0)])
@pytest.mark.parametrize("form", ["ndjson", "csv"])
def test_deletes_nothing_that_cannot_be_read_back(run, monkeypatch, damage, form):
    make_log(timestamp=JANUARY)
    read = archive.read_content

    def damaged(path, form):
        path.write_bytes(damage)
        return read(path, form)

    monkeypatch.setattr(archive, "read_content", damaged)

    with pytest.raises(CommandError, match=r"logs-2026-01.* Archived 0 logs and deleted 0"):
        run("--format", form)
    assert FimLog.objects.count() == 1


def test_deletes_nothing_where_a_byte_changed(run, monkeypatch):
    make_log(path="/a", timestamp=JANUARY)
    read = archive.read_content

    def changed(path, form):
        path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()).replace(b"/a", b"/b")))
        return read(path, form)

    monkeypatch.setattr(archive, "read_content", changed)

    with pytest.raises(CommandError, match="does not hold what was written"):
        run()
    assert FimLog.objects.count() == 1


def test_deletes_nothing_where_the_disk_is_full(run, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    make_log(timestamp=JANUARY)
    monkeypatch.setattr(archive.os, "fsync", full)

    with pytest.raises(CommandError, match="No space left on device"):
        run()
    assert FimLog.objects.count() == 1


def test_refuses_a_second_run_in_the_directory(run, tmp_path):
    with open(tmp_path / ".archive.lock", "ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)

        with pytest.raises(CommandError, match="Another run archives"):
            run()


def test_refuses_a_directory_that_is_none(tmp_path):
    options = ["--older-than-days", "7", "--directory", str(tmp_path / "none")]

    with pytest.raises(CommandError, match="none is not a directory"):
        call_command("archive", *options)


# The way back.


def import_logs(*files):
    out = StringIO()
    call_command("import_logs", *map(str, files), stdout=out)
    return out.getvalue()


def told(file):
    """Return an archive's rows without what a new node gives a log."""
    with gzip.open(file, "rt") as lines:
        rows = [json.loads(line) for line in lines]
    return [{k: v for k, v in row.items() if k not in ("id", "received_at")} for row in rows]


def store_some():
    store_logs(
        [
            new_log(path="/1", timestamp=JANUARY, event_id="0" * 31 + "1", attributes={"a": 1}),
            with_raw(new_log(path="/2", timestamp=JANUARY, action="IN_ATTRIB", seq=5)),
            new_log(path="/3", timestamp=JANUARY, severity="[MALWARE] Rule", user="ä"),
            new_log(path="/4", timestamp=JANUARY, category="danger"),
        ]
    )


def test_an_import_brings_everything_back_once(run, tmp_path):
    store_some()
    run()
    file = tmp_path / "logs-2026-01.ndjson.gz"

    assert import_logs(file).startswith("Accepted 4, repeated 0, ")
    assert import_logs(file).startswith("Accepted 0, repeated 4, ")
    assert recount().drifted == 0


def test_an_import_brings_everything_back_as_it_was(run, tmp_path):
    store_some()
    run()
    import_logs(tmp_path / "logs-2026-01.ndjson.gz")
    run()

    assert told(tmp_path / "logs-2026-01.2.ndjson.gz") == told(tmp_path / "logs-2026-01.ndjson.gz")


def test_an_import_repeats_nothing_that_is_still_stored(run, tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "delete_batches", lambda batches: [])
    store_some()
    run()

    said = import_logs(tmp_path / "logs-2026-01.ndjson.gz")

    assert said.startswith("Accepted 0, repeated 4, ")


def test_two_archives_of_a_log_bring_it_back_once(run, tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(archive, "delete_batches", lambda batches: [])
        store_some()
        run()
    run()

    said = import_logs(*tmp_path.glob("logs-2026-01*"))

    assert said.startswith("Accepted 4, repeated 4, ")


def test_archives_a_log_whose_copy_was_imported_before(run, lines, tmp_path):
    """As in a database that was restored from a backup from before the archive."""
    log = make_log(timestamp=JANUARY)
    run()
    import_logs(tmp_path / "logs-2026-01.ndjson.gz")
    copy = FimLog.objects.get()
    FimLog.objects.create(**{f: getattr(log, f) for f in log_fields(log)}, subject=copy.subject)

    run()

    assert lines("logs-2026-01.2.ndjson.gz", "event_id") == [str(copy.event_id)] * 2


def log_fields(log):
    return {field.name for field in log._meta.fields} - {"subject"}


# Killed.

SETUP = """
import json, os, signal, sys
import django
django.setup()
from django.core.management import call_command
from fim.retention import archive, prune
from fim.store.write import store_logs
from fim.models import FimLog
from tests.factories import new_log

form, directory, *where = sys.argv[1:]
archive.IDS_PER_BATCH = 50
archive_options = ["--older-than-days", "7", "--directory", directory, "--format", form]
"""

KILLED = """
place, nth, when = where
owner, name = place.split(".")
owner = {"archive": archive, "prune": prune, "os": os}[owner]
real, calls = getattr(owner, name), []

def patched(*args, **kwargs):
    calls.append(1)
    if len(calls) == int(nth) and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    found = real(*args, **kwargs)
    if len(calls) == int(nth) and when == "after":
        os.kill(os.getpid(), signal.SIGKILL)
    return found

moments = "2026-01-10T08:00:00Z", "2026-02-10T08:00:00Z"
store_logs([new_log(path=f"/{n}", timestamp=moments[n % 2]) for n in range(600)])
setattr(owner, name, patched)
call_command("archive", *archive_options)
"""

REPEATED = """
print(json.dumps(list(FimLog.objects.values_list("path", flat=True))))
call_command("archive", *archive_options, stdout=open(os.devnull, "w"))
print(json.dumps(list(FimLog.objects.values_list("path", flat=True))))
"""

KILLS = [
    ("archive.assign_event_ids", 2, "after", "ndjson"),
    ("os.fsync", 1, "before", "ndjson"),
    ("archive.read_content", 1, "after", "csv"),
    ("os.rename", 1, "before", "ndjson"),
    ("os.rename", 1, "after", "ndjson"),
    ("prune.delete_logs", 1, "before", "ndjson"),
    ("prune.delete_logs", 3, "after", "csv"),
    ("os.rename", 2, "after", "ndjson"),
    ("prune.delete_logs", 12, "before", "ndjson"),
]


@pytest.fixture(scope="module")
def old_node(tmp_path_factory):
    """Return a function that runs Python with the database of a node of its own."""
    directory = tmp_path_factory.mktemp("archive-node")
    with fresh_database(directory) as database_url:
        env = os.environ | {
            "DATABASE_URL": database_url,
            "VAR_DIR": str(directory),
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }

        def python(*arguments):
            command = [sys.executable, *arguments]
            return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)

        assert python("manage.py", "migrate", "--verbosity", "0").returncode == 0
        yield python


def archived_paths(directory, form):
    found = set()
    for path in directory.glob(f"logs-*.{form}.gz"):
        with gzip.open(path, "rt", newline="") as file:
            rows = csv.DictReader(file) if form == "csv" else map(json.loads, file)
            found |= {row["path"] for row in rows}
    return found


@pytest.mark.parametrize(("place", "nth", "when", "form"), KILLS)
def test_a_killed_run_loses_nothing_and_is_completed_by_the_next(
    old_node, tmp_path, place, nth, when, form
):
    expected = {f"/{n}" for n in range(600)}
    arguments = [form, str(tmp_path)]

    killed = old_node("-c", SETUP + KILLED, *arguments, place, str(nth), when)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    archived = archived_paths(tmp_path, form)
    repeated = old_node("-c", SETUP + REPEATED, *arguments)
    assert repeated.returncode == 0, repeated.stderr
    stored, left = map(json.loads, repeated.stdout.splitlines())

    assert archived | set(stored) == expected
    assert left == []
    assert archived_paths(tmp_path, form) == expected
    assert all(name.startswith("logs-") for name in files_in(tmp_path))
