"""The JSON that a difference becomes."""

import json
import os
import uuid
from dataclasses import replace

from fim.agent.changes.difference import Difference
from fim.agent.changes.facts import Facts
from fim.agent.changes.logs import drop_large_attributes, log_of

FILE = Facts(
    kind="file", sha256="a" * 64, size_bytes=1, mode="0644", uid=0, gid=0, ctime_ns=1_600_000_000
)


def make_log(action, path, **kwargs):
    moments = {"first_at": 1_700_000_000.0, "last_at": 1_700_000_000.25}
    return log_of(Difference(action, os.fsdecode(path), **(moments | kwargs)), host="web-1")


def test_a_log_carries_what_is_known_of_the_file():
    log = make_log("created", "/srv/a.txt", after=FILE)

    assert uuid.UUID(log.pop("event_id")).version == 4
    assert log == {
        "timestamp": "2023-11-14T22:13:20.250000Z",
        "host": "web-1",
        "action": "created",
        "path": "/srv/a.txt",
        "sha256": "a" * 64,
        "size_bytes": 1,
        "mode": "0644",
        "owner": "root",
        "group": "root",
        "source": "picket-agent",
    }


def test_each_log_has_an_event_id_of_its_own():
    assert make_log("deleted", "/a")["event_id"] != make_log("deleted", "/a")["event_id"]


def test_tells_what_changed_and_what_it_was_before():
    log = make_log("modified", "/a", before=FILE, after=replace(FILE, sha256="b" * 64, mode="0600"))

    assert (log["sha256"], log["sha256_before"]) == ("b" * 64, "a" * 64)
    assert log["attributes"] == {"changed": ["sha256", "mode"], "before": {"mode": "0644"}}


def test_a_deleted_file_is_described_as_it_was():
    log = make_log("deleted", "/a", before=FILE)

    assert log["sha256_before"] == "a" * 64
    assert log["attributes"]["before"] == {
        "kind": "file",
        "size_bytes": 1,
        "mode": "0644",
        "owner": "root",
        "group": "root",
    }


def test_events_are_told_where_there_was_more_than_one():
    one = make_log("created", "/a", after=FILE, events=("created /a",))
    two = make_log("created", "/a", after=FILE, events=("created /a", "written /a"), count=7)

    assert "attributes" not in one
    assert two["attributes"] == {"steps": ["created /a", "written /a"], "count": 7}


def test_a_scan_dates_a_change_by_the_file_itself():
    found = make_log("modified", "/a", before=FILE, after=FILE, from_scan=True)

    assert found["timestamp"] == "1970-01-01T00:00:01.600000Z"


def test_a_move_carries_both_paths_and_what_it_replaced():
    log = make_log("moved", "/b", path_from="/a", before=FILE, after=FILE, replaced=FILE)

    assert (log["path"], log["path_from"]) == ("/b", "/a")
    assert log["attributes"]["replaced"]["sha256"] == "a" * 64


def test_writes_bytes_that_are_not_utf_8_visibly():
    log = make_log("created", b"/\xff\n\xc3\xa9.txt", after=replace(FILE, target="\udcff"))

    assert log["path"] == "/\\xff\n\u00e9.txt"
    assert log["attributes"]["target"] == "\\xff"
    assert json.dumps(log, ensure_ascii=False).encode()


def test_cuts_a_path_that_no_node_takes_and_keeps_it_whole_in_the_attributes():
    name = b"/\xff" * 1_500 + b"/c99.php"

    log = make_log("deleted", name)

    assert len(log["path"]) <= 4_096
    assert log["path"].startswith("/\\xff/") and log["path"].endswith("/c99.php")
    assert log["attributes"]["whole_path"] == "/\\xff" * 1_500 + "/c99.php"


def test_an_encoded_surrogate_in_a_name_does_not_reach_the_json():
    assert make_log("created", b"/\xed\xa0\x80")["path"] == "/\\xed\\xa0\\x80"


def test_leaves_out_what_a_node_would_refuse_the_log_for():
    path = b"/" + b"\xff" * 4_000
    events = ("written /srv/" + "\u8a31" * 900,) * 32
    log = make_log("moved", path, path_from=os.fsdecode(path), events=events)
    log["attributes"]["diff"] = "x" * 10_000

    drop_large_attributes(log)

    assert log["attributes"]["left_out"] == ["steps"]
    assert len(json.dumps(log["attributes"])) <= 65_536
    assert log["attributes"]["diff"]


def test_leaves_a_usual_log_as_it_is():
    log = make_log("created", "/a", after=FILE, events=("created /a", "written /a"))
    before = json.dumps(log)

    drop_large_attributes(log)

    assert json.dumps(log) == before
