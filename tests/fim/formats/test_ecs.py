"""Plain ECS file events."""

import pytest
from hypothesis import given, settings

from fim.formats import ecs
from fim.record.fields import InvalidRecord
from fim.record.parsed import IGNORED
from tests.fim.formats.mutations import JSON, fixture, fixtures_of, mutated

RECORDS = fixtures_of("ecs")
SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
SYSMON = "Microsoft-Windows-Sysmon"


def fields_of(record):
    return ecs.parse(record).logs[0].fields


def with_event(**changes):
    record = fixture("ecs_nested.json")
    record["event"] = {
        name: value for name, value in (record["event"] | changes).items() if value is not None
    }
    return record


@pytest.mark.parametrize("record", RECORDS)
def test_recognises_nested_and_dotted_keys(record):
    assert ecs.recognises(record)
    assert ecs.recognises({"_index": "logs", "_id": "x", "_source": record})


@pytest.mark.parametrize("record", fixtures_of("auditbeat") + fixtures_of("elastic_defend"))
def test_leaves_other_tools_alone(record):
    assert not ecs.recognises(record)


@pytest.mark.parametrize(
    "more",
    [
        {"winlog": {"provider_name": SYSMON, "event_id": "11"}},
        {"event": {"category": ["file"], "provider": SYSMON, "code": "11"}},
        {"event": {"category": ["file"], "module": "sysmon"}},
        {"syscheck": {"path": "/a"}},
        {"path": "/a", "action": "created"},
        {"event": {"category": ["process"]}},
        {"file": {"name": "a"}},
    ],
)
def test_does_not_recognise_what_belongs_elsewhere(more):
    assert not ecs.recognises(fixture("ecs_nested.json") | more)


def test_reads_nested_keys():
    fields = fields_of(fixture("ecs_nested.json"))

    assert fields.pop("event_id")
    assert fields.pop("attributes") == {
        "hashes": {"md5": "098f6bcd4621d373cade4e832627b4f6"},
        "file_type": "file",
        "pid": 5150,
        "user_domain": "example",
        "user_id": "1004",
        "rule_id": "77",
        "mitre": ["T1053", "T1053.003"],
        "agent_id": "v-1",
        "container": {"id": "3f4e", "name": "cart"},
        "tags": ["vault"],
        "message": "file modified",
    }
    assert fields == {
        "timestamp": "2026-03-01T22:10:05.250000+01:00",
        "host": "vault-1.example.net",
        "category": "danger",
        "action": "modified",
        "path": "/usr/local/bin/backup.sh",
        "user": "lin",
        "process": "tee",
        "executable": "/usr/bin/tee",
        "sha256": SHA256,
        "size_bytes": 901,
        "mode": "0755",
        "owner": "0",
        "group": "0",
        "rule": "Script in PATH changed",
        "source": "fanotify-exporter",
        "seq": 77,
    }


def test_reads_dotted_keys():
    fields = fields_of(fixture("ecs_dotted.json"))

    assert (fields["action"], fields["path"]) == ("deleted", "C:\\inetpub\\wwwroot\\web.config")
    assert (fields["host"], fields["user"], fields["process"]) == ("iis-3", "svc_web", "w3wp.exe")
    assert (fields["sha256"], fields["source"]) == (SHA256, "fluent-bit")
    assert (fields["severity"], fields["category"]) == ("10", "normal")
    assert fields["attributes"] == {"pid": 1688, "ppid": 412}


def test_reads_a_mixture_of_both():
    record = {"event.type": "creation", "event": {"category": "file"}, "file": {"path": "/a"}}

    assert ecs.recognises(record)
    assert fields_of(record | {"host": "web-3"})["host"] == "web-3"


@pytest.mark.parametrize(
    ("action", "type_", "ours"),
    [
        ("File Created", ["creation"], "created"),
        ("chmod", ["change"], "attributes"),
        (["Renamed"], ["change"], "moved"),
        ("opened-file", ["change"], "modified"),
        (None, ["info", "deletion"], "deleted"),
        (None, "creation", "created"),
        ("overwrite", None, "modified"),
    ],
)
def test_reads_the_action_then_the_type(action, type_, ours):
    assert fields_of(with_event(action=action, type=type_))["action"] == ours


@pytest.mark.parametrize(
    "changes",
    [
        {"action": "read", "type": None},
        {"action": None, "type": ["access"]},
        {"action": None, "type": ["info"]},
        {"outcome": "failure"},
    ],
)
def test_ignores_reads_and_failures(changes):
    assert ecs.parse(with_event(**changes)) is IGNORED


@pytest.mark.parametrize(
    ("risk", "severity", "category"),
    [
        (21.9, None, "normal"),
        (22, 99, "suspicious"),
        (48, None, "danger"),
        (None, 74, "danger"),
        (None, "30", "suspicious"),
    ],
)
def test_judges_by_risk_then_severity(risk, severity, category):
    assert fields_of(with_event(risk_score=risk, severity=severity))["category"] == category


@pytest.mark.parametrize("value", ["high", None, -3, True, [], float("nan")])
def test_leaves_the_category_open_without_a_number(value):
    assert "category" not in fields_of(with_event(risk_score=None, severity=value))


def test_a_malware_alert_is_malware():
    record = with_event(kind="alert", category=["malware", "file"], risk_score=10)

    assert fields_of(record)["category"] == "malware"


def test_takes_the_processs_user_where_no_other_is_named():
    record = fixture("ecs_nested.json")
    del record["user"]

    assert fields_of(record)["user"] == "nobody"


def test_reads_milliseconds_as_elasticsearch_does():
    record = fixture("ecs_nested.json") | {"@timestamp": 1772399405250}

    assert fields_of(record)["timestamp"] == "2026-03-01T21:10:05.250000+00:00"


@pytest.mark.parametrize(
    ("change", "field"), [({"file": {"path": ""}}, "path"), ({"event": {"type": "x"}}, "action")]
)
def test_refuses_what_lacks_a_path_or_an_action(change, field):
    with pytest.raises(InvalidRecord) as refused:
        ecs.parse(fixture("ecs_nested.json") | change)
    assert list(refused.value.fields) == [field]


def test_tells_events_apart_by_their_id_else_as_a_whole():
    anonymous = with_event(id=None)
    records = [with_event(), with_event(sequence=1), anonymous, anonymous | {"message": "again"}]

    ids = [fields_of(record)["event_id"] for record in records]

    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


@given(mutated(RECORDS) | JSON)
@settings(max_examples=150, deadline=None)
def test_raises_nothing_but_invalid_record(record):
    ecs.recognises(record)
    try:
        ecs.parse(record)
    except InvalidRecord as exc:
        assert exc.fields
