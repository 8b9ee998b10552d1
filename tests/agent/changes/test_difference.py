"""Which change two states of one path amount to."""

from dataclasses import replace

import pytest

from fim.agent.changes.difference import Difference, action_of, changed_fields
from fim.agent.changes.facts import Facts

FILE = Facts(kind="file", sha256="a" * 64, size_bytes=3, mode="0644", uid=0, gid=0, mtime_ns=1)


@pytest.mark.parametrize(
    ("after", "action", "changed"),
    [
        (FILE, "", ()),
        (replace(FILE, ctime_ns=9, inode=7), "", ()),
        (replace(FILE, sha256="b" * 64), "modified", ("sha256",)),
        (Facts(kind="symlink", mode="0644", uid=0, gid=0), "modified", ("kind", "size_bytes")),
        (replace(FILE, mode="4644"), "attributes", ("mode",)),
        (replace(FILE, uid=1, xattrs="user.a="), "attributes", ("uid", "xattrs")),
        (replace(FILE, mtime_ns=2), "attributes", ("mtime_ns",)),
        (replace(FILE, mtime_ns=2, sha256="", unread="unreadable"), "modified", ("mtime_ns",)),
        (None, "deleted", ()),
    ],
)
def test_names_the_change_that_a_scan_finds(after, action, changed):
    assert action_of(FILE, after, was_written=False) == action
    assert changed_fields(FILE, after) == changed


def test_a_file_written_with_the_same_content_is_modified():
    assert action_of(FILE, replace(FILE, mtime_ns=2), was_written=True) == "modified"
    assert action_of(FILE, FILE, was_written=True) == ""


def test_what_was_not_there_is_created_and_what_never_was_is_no_change():
    assert action_of(None, FILE, was_written=True) == "created"
    assert action_of(None, None, was_written=True) == ""


def test_a_directory_says_nothing_by_its_times():
    directory = Facts(kind="directory", mode="0755", mtime_ns=1)

    assert changed_fields(directory, replace(directory, mtime_ns=2)) == ()


def test_a_deleted_directory_is_known_by_what_it_was():
    assert Difference("deleted", "/srv/a", before=Facts(kind="directory")).is_directory
    assert not Difference("deleted", "/srv/a").is_directory
