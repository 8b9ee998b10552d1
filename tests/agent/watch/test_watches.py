"""Which directory each watch stands for, after directories changed their names."""

import os

import pytest

from fim.agent.kernel.inotify import Inotify
from fim.agent.watch.scope import Scope, is_below, outermost
from fim.agent.watch.watches import Watches


@pytest.fixture
def watches(tmp_path):
    inotify = Inotify()
    for name in ("a", "a/deep", "b"):
        (tmp_path / name).mkdir()
    watches = Watches(inotify, Scope([os.fspath(tmp_path)]))
    list(watches.add_tree(os.fspath(tmp_path)))
    yield watches
    inotify.close()


def paths(watches, tmp_path):
    """Return the watched directories, where both maps say the same."""
    known = {watches.path_of(number): number for number in list(watches._paths)}
    assert known == watches._numbers
    return sorted(os.path.relpath(path, tmp_path) for path in known)


def test_a_renamed_directory_takes_its_watches_along(watches, tmp_path):
    (tmp_path / "a").rename(tmp_path / "c")

    watches.rename(f"{tmp_path}/a", f"{tmp_path}/c")

    assert paths(watches, tmp_path) == [".", "b", "c", "c/deep"]


def test_a_namesake_of_a_renamed_directory_keeps_its_watch(watches, tmp_path):
    (tmp_path / "a").rename(tmp_path / "z")
    (tmp_path / "a").mkdir()

    watches.refresh()

    assert paths(watches, tmp_path) == [".", "a", "b", "z", "z/deep"]


def test_directories_that_are_gone_are_forgotten(watches, tmp_path):
    (tmp_path / "b").rmdir()

    watches.refresh()
    watches.drop(f"{tmp_path}/a")

    assert paths(watches, tmp_path) == ["."]
    assert len(watches) == 1


def test_a_directory_within_another_one_is_watched_once(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "ab").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "a")

    kept = outermost([tmp_path / "a" / "b", tmp_path / "link", tmp_path / "ab", tmp_path / "a"])

    assert kept == [str(tmp_path / "a"), str(tmp_path / "ab")]


def test_everything_is_below_the_root():
    assert is_below("/etc", "/") and is_below("/", "/")
    assert not is_below("/etcetera", "/etc")
