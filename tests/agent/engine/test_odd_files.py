"""Files that an agent could trip over."""

import hashlib
import os
import socket
import threading
import time

from fim.agent.kernel import inotify
from tests.agent.agents import at_one_moment, changes, running_agent, wait_until


def make_odd_files(tree):
    os.mkfifo(tree / "fifo")
    (tree / "loop").symlink_to(tree)
    (tree / "dangling").symlink_to("/nowhere")
    with open(os.fsencode(tree) + b"/\xff\xfe\n", "wb"):
        pass
    with open(tree / "sparse", "wb") as file:
        file.truncate(2 * 1024**3)
    before = os.getcwd()
    os.chdir(tree)
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("socket")
    finally:
        os.chdir(before)
    if os.getuid() == 0:
        os.mknod(tree / "device", 0o20600, os.makedev(1, 3))


def kinds(node):
    return {
        os.path.basename(log["path"]): log.get("attributes", {}).get("kind", "file")
        for log in node.logs
    }


def wanted_kinds():
    kinds = {"fifo": "fifo", "socket": "socket", "loop": "symlink", "dangling": "symlink"}
    kinds |= {"sparse": "file", "\\xff\\xfe\n": "file"}
    return kinds | ({"device": "device"} if os.getuid() == 0 else {})


def test_tells_each_kind_as_it_is(node, tree):
    with running_agent(tree, node.url) as agent:
        with at_one_moment(agent):
            make_odd_files(tree)
        changes(node, len(wanted_kinds()))

    assert kinds(node) == wanted_kinds()
    (sparse,) = [log for log in node.logs if log["path"].endswith("sparse")]
    assert (sparse["size_bytes"], sparse["attributes"]["unread"]) == (2**31, "larger than 512 MiB")


def test_learns_and_rescans_each_kind_without_a_difference(node, tree):
    make_odd_files(tree)
    for _ in range(2):
        with running_agent(tree, node.url) as agent:
            agent.scans.request_all("test")
            wait_until(lambda agent=agent: not agent.scans.is_due())

    assert node.logs == []


def test_a_file_that_may_not_be_read_is_told_with_the_reason(node, tree, monkeypatch):
    open_for_real = os.open

    def refuse(path, flags, *args, **kwargs):
        if str(path).startswith("/proc/self/fd/") and not flags & os.O_DIRECTORY:
            raise PermissionError(13, "Permission denied")
        return open_for_real(path, flags, *args, **kwargs)

    with running_agent(tree, node.url):
        monkeypatch.setattr(os, "open", refuse)  # root may read all
        (tree / "a.txt").write_text("secret")
        assert changes(node, 1) == [("created", "a.txt")]
    assert node.logs[0]["attributes"]["unread"] == "unreadable"
    assert node.logs[0]["size_bytes"] == 6


def test_files_that_vanish_as_they_come_do_not_stop_it(node, tree):
    with running_agent(tree, node.url) as agent:
        with at_one_moment(agent):
            for number in range(300):
                (tree / f"{number}").touch()
                (tree / f"{number}").unlink()

        assert len(changes(node, 300)) == 300
    assert {log["action"] for log in node.logs} <= {"created", "deleted"}


def test_a_directory_renamed_under_load_is_followed(node, tree):
    (tree / "a").mkdir()
    with running_agent(tree, node.url):
        stop = threading.Event()
        writer = threading.Thread(target=write_into_either, args=(tree, stop))
        writer.start()
        for number in range(20):
            names = ("a", "b") if number % 2 == 0 else ("b", "a")
            (tree / names[0]).rename(tree / names[1])
            time.sleep(0.03)
        stop.set()
        writer.join()

        wait_until(lambda: told(node, tree) == real(tree))

    assert told(node, tree) == real(tree)
    assert {log["action"] for log in node.logs} <= {"created", "modified", "moved", "attributes"}


def write_into_either(tree, stop):
    number = 0
    while not stop.is_set():
        number += 1
        for name in ("a", "b"):
            try:
                (tree / name / f"{number % 50}").write_text(f"{number}")
            except FileNotFoundError:
                continue


def told(node, tree):
    """Return what the logs, one after the other, make of the tree; a directory takes its files."""
    files = {}
    for log in sorted(node.logs, key=lambda log: log["seq"]):
        path, path_from = log["path"], log.get("path_from", "")
        if log["action"] == "moved":
            files = {
                path + key[len(path_from) :] if is_below(key, path_from) else key: value
                for key, value in files.items()
            }
        if log["action"] == "deleted":
            files.pop(path, None)
        elif "sha256" in log:
            files[path] = log["sha256"]
    return files


def is_below(path, top):
    return path == top or path.startswith(top + "/")


def real(tree):
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in tree.rglob("*")
        if path.is_file()
    }


def test_directories_without_a_watch_are_scanned_and_named(node, tree, monkeypatch, caplog):
    """The kernel's answer is made up: the real limit is shared by all of this user's processes."""
    for name in ("a", "b", "c"):
        (tree / name).mkdir()
    monkeypatch.setattr("fim.agent.scan.schedule.UNWATCHED_SECONDS", 0.2)
    add_for_real, refused = inotify.Inotify.add, os.fsencode(tree / "b")

    def add(self, directory, *events):
        if directory == refused:
            raise OSError(28, "No space left on device")
        return add_for_real(self, directory, *events)

    monkeypatch.setattr(inotify.Inotify, "add", add)
    with running_agent(tree, node.url) as agent:
        assert list(agent.status().unwatched) == [str(tree / "b")]
        (tree / "b" / "a.txt").touch()

        assert changes(node, 1) == [("created", "a.txt")]
        assert node.logs[0]["attributes"]["found_by"] == "scan: no watch"
        monkeypatch.undo()
        assert wait_until(lambda: str(tree / "b") in agent.reader.watches)
        assert agent.status().unwatched == {}
    assert "fs.inotify.max_user_watches is reached" in caplog.text
