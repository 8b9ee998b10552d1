"""Sysmon's file events, as winlogbeat, NXLog and Wazuh deliver them."""

import contextlib
import hashlib

import pytest
from hypothesis import given, settings

from fim.formats import sysmon
from fim.record.fields import InvalidRecord
from fim.record.parsed import IGNORED
from tests.fim.formats.mutations import fixture, fixtures_of, mutated

DROPPED = "C:\\Users\\ines\\AppData\\Local\\Temp\\drop.exe"
POWERSHELL = "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe"
GUID = "{11111111-2222-3333-4444-555555555555}"
SHA256 = hashlib.sha256(b"x").hexdigest()


def log_of(record):
    (log,) = sysmon.parse(record).logs
    return log.fields


def test_reads_each_field_that_winlogbeat_delivers():
    log = log_of(fixture("sysmon_winlogbeat.json"))

    assert log.pop("event_id")
    assert log == {
        "timestamp": "2026-02-03 04:05:06.789+00:00",
        "host": "PC-17.corp.example",
        "action": "deleted",
        "path": DROPPED,
        "user": "CORP\\ines",
        "process": "powershell.exe",
        "executable": POWERSHELL,
        "sha256": SHA256,
        "rule": "technique_id=T1059.001,technique_name=PowerShell",
        "source": "sysmon",
        "seq": 90210,
        "attributes": {
            "pid": 3120,
            "process_guid": GUID,
            "mitre": ["T1059.001"],
            "is_archived": True,
            "is_executable": True,
            "hashes": {"sha1": "aa", "md5": "bb", "imphash": "cc"},
        },
    }


def test_reads_flat_names_as_nested_ones():
    nested, flat = fixture("sysmon_winlogbeat.json"), fixture("sysmon_winlogbeat_flat.json")

    assert log_of(flat) == log_of(nested)


def test_reads_what_the_ingest_pipeline_of_elastic_makes_of_it():
    log = log_of(fixture("sysmon_ecs.json"))

    assert (log["action"], log["path"], log["executable"]) == ("created", DROPPED, POWERSHELL)
    assert (log["host"], log["user"], log["seq"]) == ("PC-17.corp.example", "CORP\\ines", 90211)
    assert log["sha256"] == SHA256
    assert log["attributes"]["pid"] == 3120


def test_reads_what_nxlog_delivers():
    log = log_of(fixture("sysmon_nxlog.json"))

    assert log["action"] == "attributes"
    assert (log["host"], log["path"], log["seq"]) == ("PC-17", DROPPED, 90212)
    assert log["full_log"].startswith("File creation time changed")
    assert "rule" not in log
    assert log["attributes"] == {
        "pid": 3120,
        "process_guid": GUID,
        "creation_time": "2019-01-01 00:00:00.000+00:00",
        "creation_time_before": "2026-02-03 04:05:00.000+00:00",
        "changed": ["creation_time"],
    }


def test_reads_what_wazuh_delivers_with_single_backslashes():
    log = log_of(fixture("sysmon_wazuh.json"))

    assert log.pop("event_id")
    assert log == {
        "timestamp": "2026-02-03 04:05:06.789+00:00",
        "host": "PC-17.corp.example",
        "category": "danger",
        "severity": "15",
        "action": "created",
        "path": DROPPED,
        "user": "CORP\\ines",
        "process": "powershell.exe",
        "executable": POWERSHELL,
        "rule": "Executable file dropped in a folder commonly used by malware",
        "source": "sysmon",
        "seq": 90213,
        "attributes": {
            "pid": 3120,
            "process_guid": GUID,
            "rule_id": "92213",
            "rule_level": 15,
            "mitre": ["T1105"],
            "agent_id": "017",
            "agent_ip": "10.1.0.17",
        },
    }


@pytest.mark.parametrize(
    ("event_id", "action"),
    [(2, "attributes"), (11, "created"), ("23", "deleted"), (26, "deleted")],
)
def test_knows_what_each_event_says(event_id, action):
    assert log_of(fixture("sysmon_nxlog.json") | {"EventID": event_id})["action"] == action


def test_ignores_other_events():
    record = fixture("sysmon_process.json")

    assert sysmon.recognises(record)
    assert sysmon.parse(record) == IGNORED


def test_goes_by_utc_time_and_not_by_the_time_of_the_record():
    record = fixture("sysmon_nxlog.json") | {"TimeCreated": "2031-01-01T00:00:00Z"}

    assert log_of(record)["timestamp"] == "2026-02-03 04:05:06.789+00:00"


def test_keeps_an_odd_time_aside():
    log = log_of(fixture("sysmon_nxlog.json") | {"UtcTime": "noon"})

    assert "timestamp" not in log
    assert log["attributes"]["timestamp_sent"] == "noon"


def test_takes_a_process_without_a_path_by_its_name():
    log = log_of(fixture("sysmon_nxlog.json") | {"Image": "System"})

    assert log["process"] == "System"
    assert "executable" not in log


def test_knows_the_same_event_from_two_deliverers():
    through_nxlog = fixture("sysmon_nxlog.json") | {
        "EventID": 11,
        "Hostname": "pc-17.CORP.example",
        "RecordNumber": 90213,
    }

    assert log_of(through_nxlog)["event_id"] == log_of(fixture("sysmon_wazuh.json"))["event_id"]


def test_tells_events_apart_after_the_log_was_cleared():
    first = fixture("sysmon_nxlog.json")
    second = first | {"UtcTime": "2026-03-03 04:05:06.789"}

    assert log_of(first)["event_id"] == log_of(fixture("sysmon_nxlog.json"))["event_id"]
    assert log_of(first)["event_id"] != log_of(second)["event_id"]


def test_refuses_a_file_event_without_a_file():
    record = fixture("sysmon_nxlog.json")
    del record["TargetFilename"]

    with pytest.raises(InvalidRecord) as refused:
        sysmon.parse(record)

    assert refused.value.fields == {"TargetFilename": ["This field is required."]}


def test_leaves_alerts_on_other_events_to_wazuh():
    record = fixture("sysmon_wazuh.json")
    record["data"]["win"]["system"]["eventID"] = "1"

    assert not sysmon.recognises(record)


@pytest.mark.parametrize(
    "record",
    [
        None,
        {},
        {"EventID": 4624, "Channel": "Security"},
        {"winlog": {"channel": "Security", "event_id": 11}},
        {"data": {"win": {"system": {"providerName": "Microsoft-Windows-Security-Auditing"}}}},
    ],
)
def test_recognises_nothing_else(record):
    assert not sysmon.recognises(record)


@settings(max_examples=150, deadline=None)
@given(mutated(fixtures_of("sysmon")))
def test_survives_any_json(record):
    sysmon.recognises(record)
    with contextlib.suppress(InvalidRecord):
        sysmon.parse(record)
