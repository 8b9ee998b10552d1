"""The JSON that a change becomes."""

import hashlib
import json
import os
import uuid

from fim.agent.changes import Change
from fim.agent.logs import log_of


def make_log(action, path, *, host="web-1", seq=1, **kwargs):
    return log_of(Change(action, os.fsdecode(path), 1_700_000_000.25, **kwargs), host=host, seq=seq)


def test_a_log_carries_what_is_known_of_the_file(tmp_path):
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "a.txt").chmod(0o644)

    log = make_log("created", tmp_path / "a.txt", seq=7)

    assert uuid.UUID(log.pop("event_id")).version == 4
    assert log.pop("owner") == (tmp_path / "a.txt").owner()
    assert log.pop("group") == (tmp_path / "a.txt").group()
    assert log == {
        "timestamp": "2023-11-14T22:13:20.250000Z",
        "host": "web-1",
        "action": "created",
        "path": str(tmp_path / "a.txt"),
        "sha256": hashlib.sha256(b"a").hexdigest(),
        "size_bytes": 1,
        "mode": "0644",
        "source": "picket-watch",
        "seq": 7,
    }


def test_each_log_has_an_event_id_of_its_own(tmp_path):
    assert make_log("deleted", tmp_path)["event_id"] != make_log("deleted", tmp_path)["event_id"]


def test_a_log_names_the_rule_that_its_file_met(tmp_path):
    log = make_log("created", tmp_path / "c99.php")

    assert (log["category"], log["rule"]) == ("malware", "web-shell-name")


def test_a_directory_is_not_judged_by_its_name(tmp_path):
    log = make_log("deleted", tmp_path / "shell.php", is_directory=True)

    assert "category" not in log
    assert log["attributes"] == {"kind": "directory"}


def test_a_file_that_vanished_is_reported_with_the_reason(tmp_path):
    log = make_log("created", tmp_path / "gone.txt")

    assert "sha256" not in log
    assert log["attributes"] == {"unread": "vanished"}


def test_a_move_carries_both_paths_and_the_hash(tmp_path):
    (tmp_path / "b.txt").write_text("b")

    log = make_log("moved", tmp_path / "b.txt", path_from=str(tmp_path / "a.txt"))

    assert log["path_from"] == str(tmp_path / "a.txt")
    assert log["sha256"] == hashlib.sha256(b"b").hexdigest()


def test_writes_bytes_that_are_not_utf_8_visibly(tmp_path):
    path = os.fsencode(tmp_path) + b"/\xff\n\xc3\xa9.txt"
    with open(path, "wb"):
        pass

    log = make_log("created", path)

    assert log["path"] == f"{tmp_path}/\\xff\n\u00e9.txt"
    assert log["size_bytes"] == 0
    assert json.dumps(log, ensure_ascii=False).encode()


def test_cuts_a_path_that_no_node_takes_and_keeps_it_whole_in_the_attributes():
    name = b"/\xff" * 1_500 + b"/c99.php"

    log = make_log("deleted", name)

    assert len(log["path"]) <= 4_096
    assert log["path"].startswith("/\\xff/") and log["path"].endswith("/c99.php")
    assert log["attributes"]["whole_path"] == "/\\xff" * 1_500 + "/c99.php"


def test_an_encoded_surrogate_in_a_name_does_not_reach_the_json(tmp_path):
    log = make_log("created", os.fsencode(tmp_path) + b"/\xed\xa0\x80")

    assert log["path"] == f"{tmp_path}/\\xed\\xa0\\x80"
