"""AIDE's reports: JSON in all its shapes, NDJSON, and plain text."""

import contextlib
import hashlib
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fim.formats import aide
from fim.record.fields import InvalidRecord
from tests.fim.formats.mutations import FIXTURES, fixture, fixtures_of, mutated

CONFIG = "/opt/shop/config.ini"
LINES = [json.loads(line) for line in (FIXTURES / "aide_lines.ndjson").read_text().splitlines()]
TEXT = (FIXTURES / "aide_report.txt").read_text()
NEW, OLD = hashlib.sha256(b"new").hexdigest(), hashlib.sha256(b"old").hexdigest()


def logs_by_path(record):
    return {log.fields["path"]: log.fields for log in aide.parse(record).logs}


def actions(record):
    return {path: fields["action"] for path, fields in logs_by_path(record).items()}


@pytest.mark.parametrize("shape", ["grouped", "ungrouped", "unsummarized"])
def test_reads_every_shape_of_the_json_report(shape):
    assert actions(fixture(f"aide_{shape}.json")) == {
        '/opt/shop/new "x".php': "created",
        "/opt/shop/logs": "deleted",
        CONFIG: "modified",
        "/opt/shop/bin/run": "attributes",
    }


def test_reads_each_field_of_a_changed_file():
    log = logs_by_path(fixture("aide_grouped.json"))[CONFIG]

    attributes = log.pop("attributes")
    assert log.pop("event_id")
    assert log == {
        "timestamp": "2026-05-02 10:00:00 +0200",
        "action": "modified",
        "path": CONFIG,
        "sha256": NEW,
        "sha256_before": OLD,
        "size_bytes": 188,
        "mode": "-rw-rw-rw-",
        "owner": "1001",
        "group": "1002",
        "source": "aide",
    }
    assert attributes == {
        "hashes": {"md5": hashlib.md5(b"new").hexdigest()},
        "hashes_before": {"md5": hashlib.md5(b"old").hexdigest()},
        "size_bytes_before": 120,
        "mode_before": "-rw-r-----",
        "owner_before": "0",
        "group_before": "0",
        "inode": 5077,
        "inode_before": 5001,
        "mtime": "2026-05-02 09:30:10 +0200",
        "mtime_before": "2026-05-01 08:00:00 +0200",
        "acl": ["A: user::rw-", "A: other::rw-"],
        "acl_before": ["A: user::rw-", "A: other::---"],
        "changed": ["size", "perm", "uid", "gid", "modify_time", "inode", "md5", "sha256", "acl"],
        "flags": "f > p.. m....H A",
        "file_type": "file",
        "aide_version": "0.18.8",
    }


def test_names_no_host_and_no_user():
    for log in logs_by_path(fixture("aide_grouped.json")).values():
        assert not {"host", "user", "process", "severity", "category"} & set(log)


def test_keeps_a_small_raw_piece_with_each_log():
    logs = aide.parse(fixture("aide_grouped.json")).logs

    raw = {log.fields["path"]: log.raw for log in logs}[CONFIG]
    assert raw["changed"] == {CONFIG: "f > p.. m....H A   "}
    assert list(raw["details"]) == [CONFIG]
    assert "databases" not in raw


def test_takes_an_attribute_that_is_shown_but_equal_for_no_change():
    log = logs_by_path(fixture("aide_grouped.json"))["/opt/shop/bin/run"]

    assert log["attributes"]["changed"] == ["perm", "change_time"]


@pytest.mark.parametrize(
    ("flags", "action"),
    [("f > ... ....H", "modified"), ("f = ... ....H", "modified"), ("f = p.. mc...", "attributes")],
)
def test_judges_by_the_flags_where_details_are_missing(flags, action):
    record = fixture("aide_grouped.json") | {"changed": {"/a": flags}, "details": {}}

    assert logs_by_path(record)["/a"]["action"] == action


def test_calls_a_change_modified_where_nothing_says_what_changed():
    record = fixture("aide_unsummarized.json") | {"changed": ["/a"], "details": {}}

    assert logs_by_path(record)["/a"]["action"] == "modified"


def test_reads_words_in_place_of_flags():
    record = {"start_time": "2026-05-02 10:00:00 +0200", "aide_version": "0.18.8"}

    assert actions(record | {"entries": {"/a": "added", "/b": "removed"}}) == {
        "/a": "created",
        "/b": "deleted",
    }


def test_reads_hashes_in_base16_too():
    details = {"/a": {"sha256": {"old": OLD.upper(), "new": NEW.upper()}}}
    record = fixture("aide_grouped.json") | {"changed": {"/a": "f"}, "details": details}

    log = logs_by_path(record)["/a"]
    assert (log["sha256_before"], log["sha256"]) == (OLD, NEW)


def test_ignores_a_report_without_changes():
    record = {"aide_version": "0.18.8", "outline": "AIDE found NO differences"}

    assert aide.recognises(record)
    assert aide.parse(record) == aide.IGNORED


def test_ignores_the_baseline_that_a_first_run_lists():
    outline = "AIDE successfully initialized database."
    record = fixture("aide_grouped.json") | {"outline": outline}

    assert aide.parse(record) == aide.IGNORED


def test_keeps_an_odd_time_aside():
    log = logs_by_path(fixture("aide_grouped.json") | {"start_time": "yesterday"})[CONFIG]

    assert "timestamp" not in log
    assert log["attributes"]["timestamp_sent"] == "yesterday"


def test_gives_the_same_ids_to_a_repeat_and_others_to_the_next_run():
    first = fixture("aide_grouped.json")
    next_run = first | {"start_time": "2026-05-03 10:00:00 +0200"}

    ids = [log["event_id"] for log in logs_by_path(first).values()]
    assert len(set(ids)) == 4
    assert sorted(ids) == sorted(
        log["event_id"] for log in logs_by_path(fixture("aide_ungrouped.json")).values()
    )
    assert not set(ids) & {log["event_id"] for log in logs_by_path(next_run).values()}


def test_refuses_changes_of_another_shape():
    with pytest.raises(InvalidRecord) as refused:
        aide.parse(fixture("aide_grouped.json") | {"added": 3})

    assert refused.value.fields == {"added": ["Takes an object of paths, or an array of them."]}


def test_gathers_the_lines_of_an_ndjson_report():
    gathered = aide.gather(LINES)

    assert len(gathered) == len(LINES)
    assert actions(gathered[0]) == {
        "/opt/shop/a.php": "created",
        "/opt/shop/b.php": "deleted",
        "/opt/shop/c.php": "modified",
    }
    assert all(aide.parse(record) == aide.IGNORED for record in gathered[1:])


def test_knows_of_a_gathered_line_when_aide_ran_and_its_details():
    log = logs_by_path(aide.gather(LINES)[0])["/opt/shop/a.php"]

    assert log["timestamp"] == "2026-05-02 10:00:00 +0200"
    assert (log["size_bytes"], log["owner"]) == (40, "33")
    assert log["attributes"]["hashes"] == {"sha3_256": hashlib.sha3_256(b"a").hexdigest()}


def test_reads_a_lone_line_without_a_time_or_an_id():
    log = logs_by_path({"type": "addition", "/opt/x": "f+++++++++++++"})["/opt/x"]

    assert log["action"] == "created"
    assert not {"timestamp", "event_id"} & set(log)


def test_recognises_each_line_of_an_ndjson_report():
    assert all(aide.recognises(record) for record in LINES)


def test_reads_the_text_report():
    assert actions(TEXT) == {
        "/opt/shop/link: one": "created",
        "/opt/shop/gone.php": "deleted",
        CONFIG: "modified",
        "/opt/shop": "attributes",
    }


def test_reads_each_field_of_the_text_report():
    log = logs_by_path(TEXT)[CONFIG]

    assert log["timestamp"] == "2026-05-02 10:00:00 +0200"
    assert (log["sha256_before"], log["sha256"]) == (OLD, NEW)
    assert (log["attributes"]["size_bytes_before"], log["size_bytes"]) == (188, 120)
    assert log["attributes"]["aide_version"] == "0.19.1"
    assert logs_by_path(TEXT)["/opt/shop/link: one"]["attributes"]["file_type"] == "symlink"
    assert logs_by_path(TEXT)["/opt/shop"]["mode"] == "drwxrwxrwx"


def test_ignores_a_text_report_without_changes():
    text = "Start timestamp: 2026-05-02 10:00:00 +0200 (AIDE 0.19.1)\nAIDE found NO differences\n"

    assert aide.recognises(text)
    assert aide.parse(text) == aide.IGNORED


@pytest.mark.parametrize("record", ["", "AIDE is a tool", {"type": "details"}, {}, [], None, 3])
def test_recognises_nothing_else(record):
    assert not aide.recognises(record)


@settings(max_examples=150, deadline=None)
@given(mutated([*fixtures_of("aide"), *LINES, aide.gather(LINES)[0]]))
def test_survives_any_json(record):
    aide.recognises(record)
    with contextlib.suppress(InvalidRecord):
        aide.parse(record)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(TEXT)), st.integers(0, 200), st.text(max_size=30))
def test_survives_any_text(at, length, text):
    record = TEXT[:at] + text + TEXT[at + length :]

    if aide.recognises(record):
        aide.parse(record)


@pytest.mark.parametrize(
    "text",
    [
        "Entry  in databases has different attributes:  in databases has different attributes: \n"
        * 5_000,
        "Start timestamp: " + " " * 500_000,
        TEXT.replace("\nDirectory: ", f"{' ' * 13}{'b' * 30}\n" * 50_000 + "\nDirectory: "),
    ],
)
def test_is_not_slowed_down_by_hostile_text(text):
    started = time.process_time()

    if aide.recognises(text):
        aide.parse(text)

    assert time.process_time() - started < 2
