"""Samhain's log lines, local and from yule, bare, behind a syslog header and in JSON."""

import contextlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fim.formats import samhain
from fim.record.fields import InvalidRecord
from fim.record.parsed import IGNORED
from tests.fim.formats.mutations import FIXTURES, fixture, fixtures_of, mutated

LOCAL = (FIXTURES / "samhain_local.log").read_text().splitlines()
YULE = (FIXTURES / "samhain_yule.log").read_text().splitlines()
ADDED, CHANGED, MODE, MISSING = (LOCAL[index] for index in (3, 5, 6, 7))
TIGER_OLD = "48a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f607"
TIGER_NEW = "a8a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60a"


def log_of(record):
    (log,) = samhain.parse(record).logs
    return log.fields


def event_of(record):
    (event,) = samhain.parse(record).events
    return event


def test_reads_each_field_of_a_new_file():
    log = log_of(ADDED)

    assert log.pop("event_id")
    assert log == {
        "timestamp": "2026-06-07T08:09:11+0200",
        "category": "danger",
        "severity": "CRIT",
        "action": "created",
        "path": "/srv/shop/a, b.php",
        "size_bytes": 40,
        "mode": "-rw-r--r--",
        "owner": "www",
        "group": "www-data",
        "full_log": ADDED,
        "source": "samhain",
        "attributes": {
            "inode": 77,
            "link_count": 1,
            "device": "254,0",
            "file_flags": "------------",
            "ctime": "2026-06-07T06:09:00",
            "mtime": "2026-06-07T06:08:59",
            "hashes": {"tiger192": TIGER_OLD},
        },
    }


def test_reads_each_field_of_a_changed_file():
    log = log_of(CHANGED)

    assert (log["action"], log["path"], log["rule"]) == ("modified", "/srv/shop/c.php", "ReadOnly")
    assert log["size_bytes"] == 12
    assert log["attributes"] == {
        "changed": ["checksum", "inode", "time", "size"],
        "flags": "C--I----TS",
        "size_bytes_before": 11,
        "inode": 79,
        "inode_before": 78,
        "mtime": "2026-06-07T06:09:01",
        "mtime_before": "2026-06-01T00:00:00",
        "hashes": {"tiger192": TIGER_NEW},
        "hashes_before": {"tiger192": TIGER_OLD},
    }


def test_takes_flags_without_checksum_and_size_for_attributes():
    log = log_of(MODE)

    assert (log["action"], log["rule"]) == ("attributes", "Attributes")
    assert (log["mode"], log["owner"]) == ("-rwsr-xr-x", "root")
    assert log["attributes"]["mode_before"] == "-rw-r--r--"
    assert log["attributes"]["owner_before"] == "www"


def test_takes_a_missing_file_for_deleted_with_all_that_was_known_of_it():
    log = log_of(MISSING)

    assert (log["action"], log["severity"], log["category"]) == ("deleted", "ERROR", "suspicious")
    assert not {"size_bytes", "mode", "owner"} & set(log)
    assert log["attributes"] == {
        "size_bytes_before": 9,
        "mode_before": "-rw-r--r--",
        "owner_before": "www",
        "group_before": "www-data",
        "inode_before": 80,
        "mtime_before": "2026-06-01T00:00:00",
        "hashes_before": {"tiger192": TIGER_OLD},
    }


@pytest.mark.parametrize("line", [ADDED, CHANGED, MODE, MISSING])
def test_names_no_host_and_no_user(line):
    assert not {"host", "user"} & set(log_of(line))


def test_reads_what_a_client_told_yule():
    log = log_of(YULE[0])

    assert log["host"] == "db-2"
    assert log["timestamp"] == "2026-06-07 08:09:19-0600"
    assert (log["severity"], log["action"], log["rule"]) == ("CRIT", "modified", "ReadOnly")
    assert log["path"] == '/etc/a & "b"'
    assert log["attributes"]["hashes"] == {"tiger192": TIGER_NEW}
    assert log["attributes"]["size_bytes_before"] == 1


def test_takes_the_host_from_a_syslog_header_and_the_same_id():
    line = "<34>Jun  7 08:09:11 web-4 samhain[812]: " + ADDED

    log = log_of(line)
    assert log["host"] == "web-4"
    assert log["event_id"] == log_of(ADDED)["event_id"]


def test_reads_a_line_in_the_json_of_a_log_shipper():
    log = log_of(fixture("samhain_shipped.json"))

    assert log["host"] == "web-9"
    assert log["event_id"] == log_of(CHANGED)["event_id"]
    assert log_of({"log": CHANGED + "\n"})["event_id"] == log["event_id"]


def test_takes_a_digest_of_64_digits_for_sha256():
    line = CHANGED.replace(TIGER_OLD.upper(), "AB" * 32).replace(TIGER_NEW.upper(), "CD" * 32)

    log = log_of(line)
    assert (log["sha256_before"].lower(), log["sha256"].lower()) == ("ab" * 32, "cd" * 32)


@pytest.mark.parametrize("index", [0, 2, 4, 8])
def test_ignores_signatures_marks_and_the_start_of_a_log(index):
    assert samhain.recognises(LOCAL[index])
    assert samhain.parse(LOCAL[index]) == IGNORED


def test_ignores_the_signature_of_yule():
    assert samhain.recognises(YULE[1])
    assert samhain.parse(YULE[1]) == IGNORED


@pytest.mark.parametrize(
    ("line", "event_type", "severity"),
    [
        (LOCAL[9], "samhain.servicenew", "HIGH"),
        (LOCAL[10], "samhain.exit", "HIGH"),
        (LOCAL[1], "samhain.start", "LOW"),
        (YULE[2], "samhain.start", "LOW"),
        (YULE[3], "samhain.no-matches-found", "MEDIUM"),
    ],
)
def test_makes_events_of_other_messages(line, event_type, severity):
    event = event_of(line)

    assert (event.event_type, event.severity) == (event_type, severity)
    assert event.description == line


def test_gives_two_changes_of_a_file_two_ids():
    later = CHANGED.replace("08:09:12", "08:09:13")

    assert log_of(CHANGED)["event_id"] != log_of(later)["event_id"]


def test_keeps_an_odd_time_aside():
    log = log_of(CHANGED.replace("2026-06-07T08:09:12", "2026-13-07T08:09:12"))

    assert "timestamp" not in log
    assert log["attributes"]["timestamp_sent"] == "2026-13-07T08:09:12+0200"


@pytest.mark.parametrize(
    "record",
    [
        {"message": "user ines signed in"},
        {"message": None},
        {"message": {"a": 1}},
        {"log": ["x"]},
        "ERROR : [2026-06-07 08:09:12] cannot open x",
        "CRIT   :  nothing",
        "a" * 48,
        "",
        None,
        7,
    ],
)
def test_recognises_nothing_else(record):
    assert not samhain.recognises(record)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(LOCAL + YULE), st.integers(0, 400), st.integers(0, 99), st.text(max_size=9))
def test_survives_any_text(line, at, length, text):
    record = line[:at] + text + line[at + length :]
    with contextlib.suppress(InvalidRecord):
        samhain.parse(record)
    assert samhain.recognises(record) in (True, False)


@settings(max_examples=100, deadline=None)
@given(mutated(fixtures_of("samhain")))
def test_survives_any_json(record):
    samhain.recognises(record)
    with contextlib.suppress(InvalidRecord):
        samhain.parse(record)


@pytest.mark.parametrize(
    "line",
    [
        '<log sev="CRIT" tstamp="x" ' + "a" * 500_000,
        '<log sev="CRIT" tstamp="' + "<log " * 100_000,
        '<log sev="CRIT" tstamp="x" ' + 'a="' * 100_000,
        "CRIT : [2026-01-01T00:00:00] a=<" + ">, " * 200_000,
        "CRIT : [2026-01-01T00:00:00] msg=<POLICY " + "[A" * 200_000,
    ],
)
def test_is_not_slowed_down_by_hostile_text(line):
    started = time.process_time()

    samhain.recognises(line)
    samhain.parse(line)

    assert time.process_time() - started < 2
