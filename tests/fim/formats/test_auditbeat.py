"""Auditbeat's and Elastic FIM's file_integrity events."""

import pytest
from hypothesis import given, settings

from fim.formats import auditbeat
from fim.record.fields import InvalidRecord
from fim.record.parsed import IGNORED
from tests.fim.formats.mutations import JSON, fixture, fixtures_of, mutated

RECORDS = fixtures_of("auditbeat")
SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def fields_of(record):
    return auditbeat.parse(record).logs[0].fields


def with_actions(*actions):
    record = fixture("auditbeat_ecs.json")
    record["event"]["action"] = list(actions)
    return record


@pytest.mark.parametrize("record", RECORDS)
def test_recognises_every_layout(record):
    assert auditbeat.recognises(record)
    assert auditbeat.recognises({"_index": "auditbeat-8", "_id": "x", "_source": record})


@pytest.mark.parametrize("record", fixtures_of("elastic_defend") + fixtures_of("ecs"))
def test_leaves_other_tools_alone(record):
    assert not auditbeat.recognises(record)


@pytest.mark.parametrize("record", [None, 7, "x", [], {}, {"path": "/a", "action": "created"}])
def test_does_not_recognise_what_is_not_its_own(record):
    assert not auditbeat.recognises(record)


def test_reads_an_ecs_event():
    fields = fields_of(fixture("auditbeat_ecs.json"))

    assert fields.pop("attributes") == {
        "hashes": {"sha1": "a94a8fe5ccb19ba61c4c0873d391e987982fbbd3"},
        "inode": "1048601",
        "mtime": "2026-03-14T11:58:20.410Z",
        "file_type": "file",
        "pid": 4021,
        "ppid": 811,
        "command_line": "vim /etc/nginx/sites/shop.conf",
        "working_directory": "/etc/nginx",
        "user_id": "1001",
        "actions": ["updated", "attributes_modified"],
        "setgid": True,
        "agent_id": "5d1f6a36-0f0e-4a53-9c55-1a3b6d0c7e21",
        "tags": ["prod", "edge"],
    }
    assert fields.pop("event_id")
    assert fields == {
        "timestamp": "2026-03-14T11:58:20.417000+00:00",
        "host": "shop-2.example.net",
        "action": "modified",
        "path": "/etc/nginx/sites/shop.conf",
        "user": "devi",
        "process": "vim",
        "executable": "/usr/bin/vim.basic",
        "sha256": SHA256,
        "size_bytes": 2211,
        "mode": "0640",
        "owner": "root",
        "group": "www-data",
        "source": "auditbeat",
    }


def test_reads_the_layout_before_version_7():
    fields = fields_of(fixture("auditbeat_old.json"))

    assert fields["host"] == "mail.example.net"
    assert (fields["action"], fields["attributes"]["actions"]) == (
        "created",
        ["created", "updated"],
    )
    assert fields["sha256"] == SHA256
    assert fields["attributes"]["hashes"] == {"sha1": "0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33"}
    assert (fields["owner"], fields["group"], fields["mode"]) == ("marco", "staff", "0600")
    assert "user" not in fields


def test_reads_windows_events_with_seven_digits():
    fields = fields_of(fixture("auditbeat_etw.json"))

    assert fields["timestamp"] == "2026-02-03T08:15:42.193820+00:00"
    assert (fields["action"], fields["path"]) == ("moved", "D:\\Shares\\Payroll\\march.xlsx")
    assert fields["user"] == "ines"
    assert fields["attributes"] == {
        "pid": 7320,
        "user_domain": "CORP",
        "user_id": "S-1-5-21-1-2-3-1104",
    }
    assert "host" not in fields


def test_keeps_a_links_target():
    fields = fields_of(fixture("auditbeat_symlink.json"))

    assert (fields["attributes"]["target"], fields["attributes"]["file_type"]) == (
        "D:\\Shares\\Payroll",
        "symlink",
    )
    assert (fields["owner"], fields["user"]) == ("CORP\\ines", "ines")


@pytest.mark.parametrize(
    ("actions", "action"),
    [
        (["created"], "created"),
        (["updated"], "modified"),
        (["attributes_modified"], "attributes"),
        (["attributes_modified", "config_change"], "attributes"),
        (["created", "deleted"], "deleted"),
        (["updated", "deleted"], "deleted"),
        (["moved", "updated"], "moved"),
        (["created", "moved"], "moved"),
        (["deleted", "created"], "modified"),
    ],
)
def test_takes_the_strongest_of_several_actions(actions, action):
    assert fields_of(with_actions(*actions))["action"] == action


@pytest.mark.parametrize("actions", [["initial_scan"], ["config_change"], ["none"]])
def test_ignores_the_baseline_and_changes_of_the_configuration(actions):
    assert auditbeat.parse(with_actions(*actions)) is IGNORED


def test_ignores_other_modules_of_auditbeat():
    event = {"module": "auditd", "category": ["process"], "action": "created"}
    record = {"agent": {"type": "auditbeat"}, "event": event, "file": {"path": "/bin/ls"}}

    assert auditbeat.recognises(record)
    assert auditbeat.parse(record) is IGNORED


def test_leaves_file_events_of_other_modules_to_ecs():
    event = {"module": "auditd", "category": ["file"], "action": "deleted"}

    assert not auditbeat.recognises({"agent": {"type": "auditbeat"}, "event": event})


def test_refuses_an_event_without_a_path():
    record = fixture("auditbeat_ecs.json")
    del record["file"]["path"]

    with pytest.raises(InvalidRecord) as refused:
        auditbeat.parse(record)
    assert list(refused.value.fields) == ["path"]


@pytest.mark.parametrize("actions", [[], ["exploded"], [7]])
def test_refuses_an_event_without_a_known_action(actions):
    with pytest.raises(InvalidRecord) as refused:
        auditbeat.parse(with_actions(*actions))
    assert list(refused.value.fields) == ["action"]


@pytest.mark.parametrize("moment", ["yesterday", "1950-01-01T00:00:00Z", "2026-02-30T00:00:00Z"])
def test_keeps_an_odd_time_as_it_came(moment):
    fields = fields_of(fixture("auditbeat_ecs.json") | {"@timestamp": moment})

    assert "timestamp" not in fields
    assert fields["attributes"]["timestamp_sent"] == moment


def test_a_repeat_has_the_same_id_however_it_is_wrapped():
    record = fixture("auditbeat_ecs.json")
    wrapped = {"_index": "a", "_id": "1", "_source": record}

    assert fields_of(record)["event_id"] == fields_of(wrapped)["event_id"]


@pytest.mark.parametrize(
    "change", [{"@timestamp": "2026-03-14T11:58:20.418Z"}, {"host": {"id": "b"}}]
)
def test_another_change_has_another_id(change):
    record = fixture("auditbeat_ecs.json")

    assert fields_of(record)["event_id"] != fields_of(record | change)["event_id"]


@given(mutated(RECORDS) | JSON)
@settings(max_examples=150, deadline=None)
def test_raises_nothing_but_invalid_record(record):
    auditbeat.recognises(record)
    try:
        auditbeat.parse(record)
    except InvalidRecord as exc:
        assert exc.fields
