"""The first scan, by several processes, and the comparisons that follow it."""

import hashlib
import os
import time

import pytest

from fim.agent.scan.comparison import Scan
from fim.agent.scan.first_scan import FirstScan, is_learned
from fim.agent.state import baseline
from fim.agent.state.database import State
from fim.agent.watch.scope import Scope


@pytest.fixture
def state(tmp_path):
    return State(os.fspath(tmp_path / "state"))


@pytest.fixture
def tree(tmp_path):
    """More files than one process reads alone, one directory larger than a task."""
    tree = tmp_path / "tree"
    for directory, count in (("flat", 2_300), ("deep/er", 30), (".hidden", 2)):
        (tree / directory).mkdir(parents=True)
        for number in range(count):
            (tree / directory / f"f{number:05d}").write_bytes(b"%d" % number)
    return tree


def learn(state, tree, **scope):
    scope = Scope([os.fspath(tree)], **scope)
    first = FirstScan(state, scope, scope.roots, workers=2)
    for _ in first:
        pass
    first.finish(time.time())
    return first, scope


def rows(state, tree):
    return {path for path, *_ in baseline.paths_below(state.connection(), os.fspath(tree))}


def test_learns_every_entry_with_its_hash(state, tree):
    first, _ = learn(state, tree)

    assert rows(state, tree) == {os.fspath(path) for path in tree.rglob("*")}
    assert first.done_count == len(rows(state, tree)) == 2_336
    facts = baseline.get(state.connection(), os.fspath(tree / "flat" / "f02299"))
    assert facts.sha256 == hashlib.sha256(b"2299").hexdigest()
    assert baseline.get(state.connection(), os.fspath(tree)).kind == "directory"
    assert is_learned(state, os.fspath(tree))


def test_what_was_learned_is_what_a_scan_finds(state, tree):
    _, scope = learn(state, tree)

    scan = Scan(state.connection(), scope, scope.roots, reason="test")

    assert [group for group in scan if group] == []
    assert scan.seen_count == 2_336


def test_ignored_paths_are_neither_learned_nor_found(state, tree):
    _, scope = learn(state, tree, ignore=["flat/", "f*7"], hidden=[os.fspath(tree / ".hidden")])
    (tree / "flat" / "new").touch()

    assert {os.path.basename(path) for path in rows(state, tree)} == {"deep", "er"} | {
        f"f{number:05d}" for number in range(30) if number % 10 != 7
    }
    assert not any(Scan(state.connection(), scope, scope.roots, reason="test"))


def test_rows_that_are_there_already_stay(state, tree):
    newer = baseline.facts_of((b"", 0o100600, 1, 0, 0, 1, 1, 1, 1, b"", b"", "", "newer"))
    with state.writing() as connection:
        baseline.put(connection, os.fspath(tree / "flat" / "f00001"), newer)

    learn(state, tree)

    found = baseline.get(state.connection(), os.fspath(tree / "flat" / "f00001"))
    assert found.unread == "newer"


def test_a_large_file_and_one_that_grew_too_large_are_told_apart(state, tree):
    (tree / "large").write_bytes(os.urandom(200_000))
    with (tree / "sparse").open("wb") as file:
        file.truncate(2**31)

    learn(state, tree)

    large = baseline.get(state.connection(), os.fspath(tree / "large"))
    sparse = baseline.get(state.connection(), os.fspath(tree / "sparse"))
    assert large.sha256 == hashlib.sha256((tree / "large").read_bytes()).hexdigest()
    assert (sparse.sha256, sparse.unread) == ("", "larger than 512 MiB")


def test_a_renamed_directory_is_one_statement(state, tree):
    learn(state, tree)

    with state.writing() as connection:
        moved = baseline.rename_directory(connection, f"{tree}/deep", f"{tree}/Deep")

    assert moved == 31
    assert f"{tree}/Deep/er/f00000" in rows(state, tree)
    assert not any(path.startswith(f"{tree}/deep/") for path in rows(state, tree))


def test_names_that_begin_alike_are_not_below_each_other(state, tree):
    (tree / "deep.old").mkdir()
    (tree / "deep.old" / "a").touch()
    learn(state, tree)

    assert baseline.count(state.connection(), f"{tree}/deep") == 31


@pytest.mark.slow
def test_learns_100_000_files_in_25_seconds(state, tmp_path):
    for number in range(100):
        (tmp_path / "many" / f"d{number}").mkdir(parents=True)
        for file in range(1_000):
            (tmp_path / "many" / f"d{number}" / f"{file}").write_bytes(b"x" * 4096)

    started = time.monotonic()
    first, _ = learn(state, tmp_path / "many")

    assert first.done_count == 100_100
    assert time.monotonic() - started < 25
