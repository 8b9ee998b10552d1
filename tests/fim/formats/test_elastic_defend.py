"""Elastic Defend's file events and alerts."""

import pytest
from hypothesis import given, settings

from fim.formats import elastic_defend
from fim.record.fields import InvalidRecord
from fim.record.parsed import IGNORED
from tests.fim.formats.mutations import JSON, fixture, fixtures_of, mutated

RECORDS = fixtures_of("elastic_defend")
SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def fields_of(record):
    return elastic_defend.parse(record).logs[0].fields


def with_event(name="elastic_defend_rename.json", **changes):
    record = fixture(name)
    record["event"] |= changes
    return record


@pytest.mark.parametrize("record", RECORDS)
def test_recognises_its_documents(record):
    assert elastic_defend.recognises(record)
    assert elastic_defend.recognises({"_index": "logs-endpoint", "_id": "x", "_source": record})


@pytest.mark.parametrize("record", fixtures_of("auditbeat") + fixtures_of("ecs"))
def test_leaves_other_tools_alone(record):
    assert not elastic_defend.recognises(record)


def test_reads_a_rename():
    fields = fields_of(fixture("elastic_defend_rename.json"))

    assert fields.pop("event_id")
    assert fields.pop("attributes") == {
        "pid": 2210,
        "ppid": 640,
        "parent": "/usr/sbin/sshd",
        "command_line": "/usr/bin/ansible-playbook site.yml",
        "user_id": "0",
        "real_user": "deploy",
        "agent_id": "c2b0a1de-77aa-4f10-8b1a-0d5b8e9f2a11",
    }
    assert fields == {
        "timestamp": "2026-01-20T13:01:07.551234+00:00",
        "host": "app-9",
        "action": "moved",
        "path": "/srv/app/cfg.yml",
        "path_from": "/srv/app/.cfg.swp",
        "user": "root",
        "process": "python3.11",
        "executable": "/usr/bin/python3.11",
        "size_bytes": 431,
        "source": "elastic_defend",
        "seq": 88123,
    }


@pytest.mark.parametrize(
    ("action", "ours"),
    [
        ("creation", "created"),
        ("modification", "modified"),
        ("overwrite", "modified"),
        ("deletion", "deleted"),
        ("rename", "moved"),
        ("extended_attributes_delete", "attributes"),
    ],
)
def test_reads_every_change(action, ours):
    assert fields_of(with_event(action=action))["action"] == ours


@pytest.mark.parametrize("action", ["open", "access", "mount", "launch_daemon", "", None, 7, []])
def test_ignores_what_changes_no_file(action):
    assert elastic_defend.parse(with_event(action=action)) is IGNORED


@pytest.mark.parametrize("dataset", ["endpoint.events.process", "endpoint.metrics", None])
def test_ignores_other_kinds_of_events(dataset):
    record = with_event(dataset=dataset) | {"data_stream": {"dataset": dataset}}

    assert elastic_defend.parse(record) is IGNORED


def test_ignores_kibanas_copy_of_an_alert():
    record = with_event("elastic_defend_malware.json", kind="signal")

    assert elastic_defend.parse(record) is IGNORED


def test_reads_a_malware_alert():
    fields = fields_of(fixture("elastic_defend_malware.json"))

    assert fields["category"] == "malware"
    assert (fields["rule"], fields["severity"]) == ("Windows_Trojan_Sample_1", "73")
    assert (fields["action"], fields["host"]) == ("created", "fin-ws-4")
    assert fields["path"] == "C:\\Users\\rosa\\Downloads\\invoice.exe"
    assert (fields["user"], fields["owner"]) == ("rosa", "Administrators")
    assert fields["executable"] == "C:\\Program Files\\Browser\\browser.exe"
    assert (fields["sha256"], fields["size_bytes"], fields["seq"]) == (SHA256, 88064, 90001)
    assert fields["attributes"] == {
        "hashes": {"md5": "098f6bcd4621d373cade4e832627b4f6"},
        "pid": 992,
        "user_domain": "FIN",
        "agent_id": "c2b0a1de-77aa-4f10-8b1a-0d5b8e9f2a11",
        "rule_id": "abc",
        "malware": {
            "model": "endpointpe-v4-model",
            "score": 0.97,
            "signature": "Windows.Trojan.Sample",
            "quarantine_path": "C:\\.equarantine\\1",
        },
    }


@pytest.mark.parametrize(
    ("missing", "rule"),
    [
        (["rule"], "Windows.Trojan.Sample"),
        (["rule", "malware_signature"], "endpointpe-v4-model"),
        (["rule", "malware_signature", "malware_classification"], "Malware Prevention Alert"),
    ],
)
def test_names_the_rule_by_what_there_is(missing, rule):
    record = fixture("elastic_defend_malware.json")
    for name in missing:
        record.pop(name, None)
        record["file"]["Ext"].pop(name, None)

    assert fields_of(record)["rule"] == rule


def test_malware_that_runs_is_an_event():
    parsed = elastic_defend.parse(with_event("elastic_defend_malware.json", action="execution"))

    assert parsed.logs == []
    event = parsed.events[0]
    assert (event.source_name, event.event_type) == ("fin-ws-4", "endpoint.malicious_file")
    assert event.severity == "HIGH"
    assert "invoice.exe" in event.description


def test_a_behaviour_alert_is_an_event():
    event = elastic_defend.parse(fixture("elastic_defend_behavior.json")).events[0]

    assert (event.event_type, event.severity) == ("endpoint.behavior", "MEDIUM")
    assert event.description == (
        "Malicious Behavior Detection Alert: Script Host Child; Script Host Child; rule_detection;"
        " C:\\Program Files\\Browser\\browser.exe"
    )


@pytest.mark.parametrize(
    ("score", "severity"),
    [
        (21, "LOW"),
        (22, "MEDIUM"),
        (48, "HIGH"),
        (74, "CRITICAL"),
        ("99", "CRITICAL"),
        (None, "HIGH"),
    ],
)
def test_grades_alerts_by_their_score(score, severity):
    record = with_event("elastic_defend_behavior.json", risk_score=score, severity=score)

    assert elastic_defend.parse(record).events[0].severity == severity


def test_refuses_a_change_without_a_path():
    record = fixture("elastic_defend_rename.json") | {"file": {}}

    with pytest.raises(InvalidRecord) as refused:
        elastic_defend.parse(record)
    assert list(refused.value.fields) == ["path"]


def test_tells_events_apart_by_the_agent_and_its_event_id():
    same = with_event(sequence=1, outcome="success")
    other = with_event(id="another")

    ids = [fields_of(record)["event_id"] for record in (with_event(), same, other)]

    assert ids[0] == ids[1] != ids[2]


@given(mutated(RECORDS) | JSON)
@settings(max_examples=150, deadline=None)
def test_raises_nothing_but_invalid_record(record):
    elastic_defend.recognises(record)
    try:
        elastic_defend.parse(record)
    except InvalidRecord as exc:
        assert exc.fields
