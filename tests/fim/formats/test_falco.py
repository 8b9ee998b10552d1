"""Falco's JSON alerts: rules about files are logs, all others are events."""

import contextlib

import pytest
from hypothesis import given, settings

from fim.formats import falco
from fim.record.fields import InvalidRecord
from tests.fim.formats.mutations import fixture, fixtures_of, mutated

WRITE = fixture("falco_write.json")


def log_of(record):
    (log,) = falco.parse(record).logs
    return log.fields


def event_of(record):
    (event,) = falco.parse(record).events
    return event


def with_fields(rule=WRITE["rule"], output="", **fields):
    named = {name.replace("__", "."): value for name, value in fields.items()}
    return WRITE | {
        "rule": rule,
        "output": output,
        "output_fields": WRITE["output_fields"] | named,
    }


def test_reads_each_field_of_a_write():
    log = log_of(WRITE)

    attributes = log.pop("attributes")
    assert log.pop("event_id")
    assert log == {
        "timestamp": "2026-04-02T11:12:13.123456789Z",
        "host": "edge-3",
        "category": "danger",
        "severity": "Error",
        "action": "modified",
        "path": "/etc/cron.d/job",
        "user": "deploy",
        "process": "tee",
        "executable": "/usr/bin/tee",
        "rule": "Write below etc",
        "full_log": WRITE["output"],
        "source": "falco",
    }
    assert attributes == {
        "pid": 4120,
        "ppid": 4119,
        "parent": "bash",
        "command_line": "tee /etc/cron.d/job",
        "working_directory": "/srv/",
        "user_id": "1000",
        "login_user": "1004",
        "system_call": "openat",
        "tags": ["T1543.003", "filesystem", "mitre_persistence"],
        "mitre": ["T1543.003"],
        "container": {"id": "0a1b2c3d4e5f", "image_repository": "shop/api", "name": "api-1"},
        "k8s": {"ns_name": "shop"},
    }


def test_reads_an_alert_of_2018_which_names_no_host():
    log = log_of(fixture("falco_old.json"))

    assert log.pop("event_id")
    assert log == {
        "timestamp": "2018-03-04T10:20:30.000000001Z",
        "category": "normal",
        "severity": "Notice",
        "action": "modified",
        "path": "/usr/bin/x",
        "user": "www",
        "rule": "Write below binary dir",
        "full_log": fixture("falco_old.json")["output"],
        "source": "falco",
        "attributes": {"command_line": "cp x /usr/bin/x"},
    }


def test_reads_both_paths_of_a_rename():
    log = log_of(fixture("falco_rename.json"))

    assert log["action"] == "moved"
    assert (log["path_from"], log["path"]) == ("/root/.bash_history", "/root/.old")


def test_takes_a_new_link_for_the_file_and_what_it_points_to_for_its_target():
    log = log_of(fixture("falco_symlink.json"))

    assert (log["action"], log["path"]) == ("created", "/tmp/innocent")
    assert log["attributes"]["target"] == "/etc/shadow"


@pytest.mark.parametrize(
    ("call", "action"),
    [
        ("unlinkat", "deleted"),
        ("fchmodat", "attributes"),
        ("creat", "created"),
        ("write", "modified"),
    ],
)
def test_knows_what_a_system_call_does(call, action):
    assert log_of(with_fields(evt__type=call))["action"] == action


def test_takes_a_file_that_was_not_there_for_new():
    flags = "O_CREAT|O_WRONLY|FD_UPPER_LAYER_CREAT|O_F_CREATED"

    assert log_of(with_fields(evt__arg__flags=flags))["action"] == "created"


@pytest.mark.parametrize(
    ("rule", "action"),
    [
        ("Remove Bulk Data from Disk", "deleted"),
        ("Set Setuid or Setgid bit", "attributes"),
        ("Create files below dev", "created"),
        ("Modify binary dirs", "modified"),
    ],
)
def test_goes_by_the_words_of_the_rule_where_no_system_call_is_named(rule, action):
    assert log_of(with_fields(rule, evt__type=None))["action"] == action


def test_makes_an_event_of_a_read():
    event = event_of(fixture("falco_read.json"))

    assert event.source_name == "edge-3"
    assert event.event_type == "falco.read-sensitive-file-untrusted"
    assert event.severity == "MEDIUM"
    assert event.description.startswith("Warning Sensitive file opened")


@pytest.mark.parametrize(
    "record",
    [
        with_fields("Search Private Keys", evt__arg__flags="O_RDONLY|O_CLOEXEC"),
        with_fields("Directory traversal monitored file read"),
        with_fields("Odd", output="x opened for reading by y (file=/etc/shadow)"),
        with_fields("Odd", evt__is_open_write=False),
    ],
)
def test_knows_by_flags_and_words_that_a_file_was_only_read(record):
    assert not falco.parse(record).logs


def test_believes_no_command_line_about_what_was_done():
    output = "File opened for writing (command=echo opened for reading)"

    assert log_of(with_fields(output=output))["action"] == "modified"


@pytest.mark.parametrize("failure", [{"evt__res": "EACCES"}, {"evt__failed": "true"}])
def test_makes_an_event_of_a_change_that_failed(failure):
    assert event_of(with_fields(**failure)).severity == "HIGH"


@pytest.mark.parametrize(
    "fields",
    [{"fd__name": "10.0.0.5:443->10.0.0.9:9"}, {"fd__name": None}, {"evt__type": "connect"}],
)
def test_makes_an_event_of_what_is_no_file(fields):
    assert event_of(with_fields(**fields)).event_type == "falco.write-below-etc"


def test_makes_an_event_of_a_shell():
    event = event_of(fixture("falco_shell.json"))

    assert (event.event_type, event.severity) == ("falco.terminal-shell-in-container", "CRITICAL")


@pytest.mark.parametrize(
    ("priority", "severity", "category"),
    [
        ("Emergency", "CRITICAL", "danger"),
        ("Alert", "CRITICAL", "danger"),
        ("Error", "HIGH", "danger"),
        ("WARNING", "MEDIUM", "suspicious"),
        ("Informational", "LOW", "normal"),
    ],
)
def test_maps_priorities(priority, severity, category):
    assert log_of(WRITE | {"priority": priority})["category"] == category
    shell = fixture("falco_shell.json") | {"priority": priority}
    assert event_of(shell).severity == severity


@pytest.mark.parametrize("uid", [-1, 4294967295, "-1"])
def test_knows_that_nobody_signed_in(uid):
    assert "login_user" not in log_of(with_fields(user__loginuid=uid))["attributes"]


def test_gives_a_repeat_the_same_id_and_the_next_alert_another():
    later = WRITE | {"time": "2026-04-02T11:12:14Z"}

    assert log_of(WRITE)["event_id"] == log_of(fixture("falco_write.json"))["event_id"]
    assert log_of(WRITE)["event_id"] != log_of(later)["event_id"]


def test_keeps_an_odd_time_aside():
    log = log_of(WRITE | {"time": "just now"})

    assert "timestamp" not in log
    assert log["attributes"]["timestamp_sent"] == "just now"


@pytest.mark.parametrize(
    "record",
    [
        None,
        [],
        {},
        {"rule": "x", "priority": "High", "output": "x"},
        {"rule": {}, "priority": "Error"},
    ],
)
def test_recognises_nothing_else(record):
    assert not falco.recognises(record)


@settings(max_examples=150, deadline=None)
@given(mutated(fixtures_of("falco")))
def test_survives_any_json(record):
    falco.recognises(record)
    with contextlib.suppress(InvalidRecord):
        falco.parse(record)
