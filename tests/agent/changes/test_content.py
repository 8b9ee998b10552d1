"""Files are opened by their own path alone."""

import os

import pytest

from fim.agent.changes.content import opened, read_at_most


def content_of(path):
    with opened(str(path)) as descriptor:
        return None if descriptor is None else read_at_most(descriptor, 100)


def test_reads_no_more_than_it_is_asked(tmp_path):
    (tmp_path / "file").write_bytes(b"x" * 1000)

    assert content_of(tmp_path / "file") == b"x" * 100


def test_follows_no_link_on_its_way(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "file").write_text("x")
    (tmp_path / "way").symlink_to("real")
    (tmp_path / "link").symlink_to("real/file")

    assert content_of(tmp_path / "real" / "file") == b"x"
    assert content_of(tmp_path / "way" / "file") is None
    assert content_of(tmp_path / "link") is None


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_waits_for_nothing_that_is_no_file(tmp_path, make):
    make(tmp_path / "odd")

    assert content_of(tmp_path / "odd") is None


def test_a_path_that_no_file_can_have_is_no_file():
    assert content_of("/tmp/a\0b") is None
    assert content_of("/tmp/" + "x" * 5000) is None
