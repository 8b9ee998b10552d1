"""Diffs of real files against the texts kept in a real state database."""

import zlib
from pathlib import Path
from threading import Event

import pytest

from fim.agent.changes.difference import Difference
from fim.agent.changes.facts import read_facts
from fim.agent.config.sections import DiffSettings
from fim.agent.enrich.textdiff import TextDiffs
from fim.agent.state import baseline
from fim.agent.state.database import State


@pytest.fixture
def state(tmp_path):
    state = State(str(tmp_path / "state"))
    yield state
    state.close()


@pytest.fixture
def watched(tmp_path):
    (tmp_path / "etc").mkdir()
    return tmp_path / "etc"


@pytest.fixture
def diffs(state, watched):
    return TextDiffs(DiffSettings(paths=(f"{watched}/",)), state)


def report(diffs, state, path, **others):
    """Do with one difference what the agent does; return the log's attributes."""
    log = {"attributes": {}}
    facts = read_facts(str(path))
    place = str(path) if facts.kind else None
    values = {"action": "modified", "path": str(path), "before": facts, "place": place} | others
    difference = Difference(**{"after": facts if facts.kind else None} | values)
    diffs.enrich(log, difference)
    with state.writing() as connection:
        diffs.keep(connection, difference)
    return log["attributes"]


def kept_bytes(state):
    return b"".join(path.read_bytes() for path in Path(state.directory).iterdir())


def test_tells_what_changed_since_the_last_log(diffs, state, watched):
    path = watched / "hosts"
    path.write_text("127.0.0.1 localhost\n")
    created = report(diffs, state, path, action="created", before=None)
    path.write_text("127.0.0.1 localhost\n203.0.113.9 bank\n")

    modified = report(diffs, state, path)

    assert created["diff"] == "@@ -0,0 +1 @@\n+127.0.0.1 localhost"
    assert modified["diff"] == "@@ -1 +1,2 @@\n 127.0.0.1 localhost\n+203.0.113.9 bank"


def test_tells_what_a_deleted_file_held(diffs, state, watched):
    path = watched / "motd"
    path.write_text("hello\n")
    report(diffs, state, path, action="created", before=None)
    before = read_facts(str(path))
    path.unlink()

    deleted = report(diffs, state, path, action="deleted", before=before)
    again = report(diffs, state, path, action="deleted", before=before)

    assert deleted["diff"] == "@@ -1 +0,0 @@\n-hello"
    assert again == {"diff_note": "no earlier text is kept"}


def test_a_text_follows_its_file(diffs, state, watched):
    old, new = watched / "a", watched / "b"
    old.write_text("one\n")
    report(diffs, state, old, action="created", before=None)
    old.rename(new)
    report(diffs, state, new, action="moved", path_from=str(old))
    new.write_text("two\n")

    assert report(diffs, state, new)["diff"] == "@@ -1 +1 @@\n-one\n+two"


def test_texts_follow_their_directory(diffs, state, watched):
    (watched / "old").mkdir()
    (watched / "old" / "a").write_text("one\n")
    report(diffs, state, watched / "old" / "a", action="created", before=None)
    (watched / "old").rename(watched / "new")
    report(diffs, state, watched / "new", action="moved", path_from=str(watched / "old"))
    (watched / "new" / "a").write_text("two\n")

    assert "-one" in report(diffs, state, watched / "new" / "a")["diff"]


def test_no_text_is_kept_of_a_deleted_directory(diffs, state, watched):
    (watched / "old").mkdir()
    (watched / "old" / "a").write_text("one\n")
    report(diffs, state, watched / "old" / "a", action="created", before=None)
    before = read_facts(str(watched / "old"))
    (watched / "old" / "a").unlink()
    (watched / "old").rmdir()

    report(diffs, state, watched / "old", action="deleted", before=before)

    assert state.connection().execute("SELECT count(*) FROM texts").fetchone() == (0,)


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (b"\x7fELF\0\0", "no text: it holds NUL bytes"),
        (b"x" * 10_000_000, "larger than 65536 bytes"),
        ("utf-16".encode("utf-16"), "no text: it holds NUL bytes"),
    ],
)
def test_says_why_there_is_no_diff(diffs, state, watched, content, note):
    (watched / "file").write_bytes(content)

    assert report(diffs, state, watched / "file") == {"diff_note": note}


def test_shows_bytes_that_are_no_utf_8(diffs, state, watched):
    (watched / "latin").write_bytes(b"caf\xe9\n")

    found = report(diffs, state, watched / "latin", action="created", before=None)

    assert found["diff"] == "@@ -0,0 +1 @@\n+caf\\xe9"


def test_a_file_that_changed_again_leaves_both_changes_to_the_next_diff(diffs, state, watched):
    path = watched / "busy"
    path.write_text("one\n")
    report(diffs, state, path, action="created", before=None)
    path.write_text("two\n")
    seen = read_facts(str(path))
    path.write_text("three\n")

    first = report(diffs, state, path, after=seen)
    second = report(diffs, state, path)

    assert "diff" not in first and "again" in first["diff_note"]
    assert second["diff"] == "@@ -1 +1 @@\n-one\n+three"


def test_a_file_that_vanished_is_no_trouble(diffs, state, watched):
    path = watched / "short"
    path.write_text("one\n")
    seen = read_facts(str(path))
    path.unlink()

    found = report(diffs, state, path, before=seen, after=seen, place=str(path))

    assert found == {"diff_note": "cannot be read any more"}


def test_other_paths_and_rights_alone_have_no_diff(diffs, state, watched, tmp_path):
    (tmp_path / "other").write_text("x\n")
    (watched / "file").write_text("x\n")

    assert report(diffs, state, tmp_path / "other") == {}
    assert report(diffs, state, watched / "file", action="attributes") == {}


def test_no_secret_reaches_log_or_disk(diffs, state, watched):
    path = watched / "shadow"
    path.write_text("root:HUSHHUSH1:19700::::::\n")
    settings = DiffSettings(paths=(f"{watched}/",), masked_paths=("shadow*",))
    diffs = TextDiffs(settings, state)
    report(diffs, state, path, action="created", before=None)
    path.write_text("root:HUSHHUSH2:19701::::::\n")

    found = report(diffs, state, path)

    assert "HUSH" not in found["diff"]
    assert found["diff"].count("<masked ") == 2
    kept = state.connection().execute("SELECT text FROM texts").fetchone()[0]
    assert b"HUSH" not in kept_bytes(state) and b"HUSH" not in zlib.decompress(kept)


def test_marks_stay_the_same_over_a_restart(state, watched):
    path = watched / ".env"
    path.write_text("KEY=a\n")
    settings = DiffSettings(paths=(f"{watched}/",))
    report(TextDiffs(settings, state), state, path, action="created", before=None)
    path.write_text("KEY=a\nNEW=b\n")

    found = report(TextDiffs(settings, state), state, path)

    assert found["diff"].startswith("@@ -1 +1,2 @@\n KEY=<masked ")


def test_learns_the_texts_of_the_baseline(diffs, state, watched):
    path, changed = watched / "hosts", watched / "changed"
    for each in (path, changed):
        each.write_text("one\n")
        with state.writing() as connection:
            baseline.put(connection, str(each), read_facts(str(each)))
    changed.write_text("another\n")

    count = diffs.learn(Event())
    path.write_text("two\n")

    assert count == 1
    assert report(diffs, state, path)["diff"] == "@@ -1 +1 @@\n-one\n+two"
    assert report(diffs, state, changed) == {"diff_note": "no earlier text is kept"}
    assert diffs.learn(Event()) == 0
