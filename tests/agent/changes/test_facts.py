"""What is read of a file, and what is left alone."""

import hashlib
import itertools
import os
import socket

import pytest

from fim.agent.changes import facts
from fim.agent.changes.facts import Facts, read_facts


def test_reads_hash_size_mode_and_owner(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"content")
    (tmp_path / "a.txt").chmod(0o4640)

    read = read_facts(str(tmp_path / "a.txt"))

    assert read.sha256 == hashlib.sha256(b"content").hexdigest()
    assert (read.size_bytes, read.mode, read.kind, read.unread) == (7, "4640", "file", "")
    assert read.owner == (tmp_path / "a.txt").owner()
    assert read.group == (tmp_path / "a.txt").group()


def test_names_an_owner_without_an_account_by_number():
    read = Facts(kind="file", uid=4_000_000_000, gid=4_000_000_001)

    assert (read.owner, read.group) == ("4000000000", "4000000001")


def test_tells_a_file_that_vanished(tmp_path):
    assert read_facts(str(tmp_path / "gone" / "a.txt")) == Facts(unread="vanished")


def test_does_not_open_a_fifo(tmp_path):
    os.mkfifo(tmp_path / "fifo", 0o600)

    read = read_facts(str(tmp_path / "fifo"))

    assert (read.kind, read.sha256, read.size_bytes, read.mode) == ("fifo", "", None, "0600")


def test_does_not_read_a_socket_or_a_device(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")

        assert read_facts(str(tmp_path / "socket")).kind == "socket"
        assert (read_facts("/dev/null").kind, read_facts("/dev/null").sha256) == ("device", "")


def test_tells_where_a_symlink_points_without_following_it(tmp_path):
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "link").symlink_to(tmp_path / "secret")

    read = read_facts(str(tmp_path / "link"))

    assert (read.kind, read.sha256, read.target) == ("symlink", "", str(tmp_path / "secret"))


def test_does_not_read_through_a_directory_that_became_a_symlink(tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.txt").write_text("secret")
    (tmp_path / "tree").symlink_to(tmp_path / "outside")

    assert read_facts(str(tmp_path / "tree" / "a.txt")) == Facts(unread="vanished")


def test_tells_size_and_mode_of_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_text("abc")
    refuse_to_read(monkeypatch)

    read = read_facts(str(tmp_path / "a.txt"))

    assert (read.unread, read.sha256, read.size_bytes) == ("unreadable", "", 3)
    assert read.mode


def refuse_to_read(monkeypatch):
    """Refuse what root would be allowed."""
    open_for_real = os.open

    def refuse(path, flags, *args):
        if not flags & os.O_PATH:
            raise PermissionError(13, "Permission denied")
        return open_for_real(path, flags, *args)

    monkeypatch.setattr(facts.os, "open", refuse)


def test_does_not_hash_more_than_the_limit(tmp_path):
    with open(tmp_path / "sparse", "wb") as file:
        file.truncate(facts.MAX_HASHED_BYTES + 1)

    read = read_facts(str(tmp_path / "sparse"))

    assert (read.sha256, read.unread) == ("", "larger than 512 MiB")
    assert read.size_bytes == facts.MAX_HASHED_BYTES + 1


def test_stops_hashing_a_file_that_grows_beyond_the_limit(monkeypatch):
    monkeypatch.setattr(facts, "MAX_HASHED_BYTES", 3_000_000)
    endless = os.open("/dev/zero", os.O_RDONLY)

    sha256, unread = facts._hash(endless, None)

    os.close(endless)
    assert (sha256, unread) == ("", facts.TOO_LARGE)


@pytest.mark.parametrize("path", ["/proc/self/mem", "/proc/kmsg"])
def test_survives_files_that_fail_to_be_read(path):
    assert read_facts(os.path.realpath(path)).sha256 == ""


def test_tells_extended_attributes_without_their_values(tmp_path):
    (tmp_path / "a.txt").touch()
    os.setxattr(tmp_path / "a.txt", "user.note", b"a secret")

    read = read_facts(str(tmp_path / "a.txt"))

    assert read.xattrs == f"user.note={hashlib.sha256(b'a secret').hexdigest()[:16]}"


def test_takes_over_the_hash_of_a_content_that_nobody_wrote(tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_text("abc")
    known = read_facts(str(tmp_path / "a.txt"))
    (tmp_path / "a.txt").chmod(0o600)
    refuse_to_read(monkeypatch)

    read = read_facts(str(tmp_path / "a.txt"), known=[known])

    assert (read.sha256, read.mode, read.unread) == (known.sha256, "0600", "")


def test_reads_again_what_changed_while_it_was_read(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    descriptor = os.open(path, os.O_RDONLY)
    writes = iter([b"newer"])

    def write_once(size_bytes):
        for content in writes:
            path.write_bytes(content)

    sha256, status, unread = facts.hash_steadily(descriptor, os.fstat(descriptor), write_once)

    os.close(descriptor)
    assert (sha256, unread) == (hashlib.sha256(b"newer").hexdigest(), "")
    assert status.st_size == 5


def test_says_that_a_file_never_stood_still(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("x")
    descriptor = os.open(path, os.O_RDONLY)

    times = itertools.count(1)

    def touch(size_bytes):
        os.utime(path, ns=(0, next(times)))

    _, _, unread = facts.hash_steadily(descriptor, os.fstat(descriptor), touch)

    os.close(descriptor)
    assert unread == "changing"
