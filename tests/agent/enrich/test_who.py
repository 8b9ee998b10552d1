"""Who did it, asked of the real kernel. Without CAP_SYS_ADMIN the agent must say so."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from fim.agent.changes.difference import Difference
from fim.agent.config.sections import WhoSettings
from fim.agent.enrich.who import WhoEnricher
from fim.agent.kernel import fanotify
from fim.agent.kernel.fanotify import Fanotify
from fim.agent.kernel.process_exits import ProcessExits
from tests.agent.rights import may_listen

MAX_QUEUED = Path("/proc/sys/fs/fanotify/max_queued_events")
NOBODY = pwd.getpwnam("nobody")


CAN_LISTEN = may_listen(tempfile.gettempdir())
needs_rights = pytest.mark.skipif(
    not CAN_LISTEN, reason="fanotify needs CAP_SYS_ADMIN and exit records CAP_NET_ADMIN"
)


@pytest.fixture
def who(tmp_path):
    who = WhoEnricher(WhoSettings(method="fanotify"), [str(tmp_path)])
    who.start()
    yield who
    who.stop()


def shell(command, directory, **options):
    subprocess.run(["/bin/sh", "-c", command], cwd=directory, check=True, **options)


def asked(who, path, since):
    log = {}
    who.enrich(log, Difference("modified", str(path), first_at=since, last_at=time.time()))
    return log


def test_a_process_without_the_right_says_that_it_cannot_know(tmp_path):
    program = (
        "import os, fim.agent.kernel.fanotify_reader; from fim.agent.enrich.who import WhoEnricher;"
        "from fim.agent.config.sections import WhoSettings;"
        f"os.geteuid() or os.setuid({NOBODY.pw_uid});"
        f"who = WhoEnricher(WhoSettings(audit_log='/nowhere'), [{str(tmp_path)!r}]); who.start();"
        "print(who.method, who.reason)"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert done.stdout == (
        "none fanotify: fanotify needs CAP_SYS_ADMIN;"
        " audit: [Errno 2] No such file or directory: '/nowhere'\n"
    )


@needs_rights
def test_names_user_process_and_executable(who, tmp_path):
    since = time.time()
    shell("echo x > web.php; sleep 0.2", tmp_path)

    log = asked(who, tmp_path / "web.php", since)

    assert (log["user"], log["process"]) == ("root", "sh")
    assert log["executable"] == os.path.realpath("/bin/sh")
    assert log["attributes"]["command_line"] == "/bin/sh -c echo x > web.php; sleep 0.2"


@needs_rights
@pytest.mark.parametrize("command", ["touch f", "echo x > f", "(echo x > f); true"])
def test_names_a_process_that_is_gone_at_once(who, tmp_path, command):
    since = time.time()
    shell(command, tmp_path)

    log = asked(who, tmp_path / "f", since)

    assert (log["user"], log["process"]) == ("root", "touch" if "touch" in command else "sh")
    assert os.path.basename(log["executable"]) in {"touch", "dash", "bash", "sh"}


@needs_rights
def test_names_the_user_who_acts_not_the_owner(who, tmp_path):
    for directory in (tmp_path, *tmp_path.parents[:2]):
        directory.chmod(0o777)
    since = time.time()
    shell("echo x > f", tmp_path, user="nobody")

    log = asked(who, tmp_path / "f", since)

    assert (log["user"], log["attributes"]["uid"]) == ("nobody", NOBODY.pw_uid)


@needs_rights
def test_the_last_writer_is_named_and_others_are_listed(who, tmp_path):
    since = time.time()
    shell("touch f; chmod 600 f", tmp_path)

    log = asked(who, tmp_path / "f", since)

    assert log["process"] == "chmod"
    assert [other["process"] for other in log["attributes"]["other_processes"]] == ["touch"]


@needs_rights
def test_who_opens_for_writing_and_writes_nothing_is_no_writer(who, tmp_path):
    since = time.time()
    shell("echo x > f", tmp_path)
    time.sleep(0.05)
    subprocess.run([sys.executable, "-c", "open('f', 'r+').close()"], cwd=tmp_path, check=True)

    log = asked(who, tmp_path / "f", since)

    assert log["process"] == "sh"
    assert "other_processes" not in log["attributes"]


@needs_rights
def test_its_own_changes_are_nobodys(who, tmp_path):
    since = time.time()
    (tmp_path / "f").write_text("x")

    assert asked(who, tmp_path / "f", since) == {}


@needs_rights
def test_a_change_before_the_window_is_not_taken_for_this_one(who, tmp_path):
    shell("echo x > f", tmp_path)
    time.sleep(0.05)

    assert asked(who, tmp_path / "f", time.time() + 2.1) == {}


@needs_rights
def test_names_who_removed_a_tree(who, tmp_path):
    shell("mkdir -p a/b; touch a/b/f", tmp_path)
    since = time.time() + 0.1
    time.sleep(0.1)
    shell("rm -r a", tmp_path)

    assert asked(who, tmp_path / "a" / "b" / "f", since + 2)["process"] == "rm"
    assert asked(who, tmp_path / "a", since + 2)["process"] == "rm"


@needs_rights
def test_names_who_removed_a_tree_that_another_still_holds(tmp_path, monkeypatch):
    """The events are read when the directory has no name any more."""
    monkeypatch.setattr("fim.agent.kernel.fanotify_reader.PAUSE_SECONDS", 0.3)
    shell("mkdir -p a/b; touch a/b/f", tmp_path)
    holder = os.open(tmp_path / "a" / "b", os.O_RDONLY)
    who = WhoEnricher(WhoSettings(method="fanotify"), [str(tmp_path)])
    who.start()
    since = time.time()
    shell("touch first; sleep 0.1; rm -r a", tmp_path)
    time.sleep(0.4)

    log = asked(who, tmp_path / "a" / "b" / "f", since)

    os.close(holder)
    who.stop()
    assert log["process"] == "rm"


@needs_rights
def test_follows_a_directory_that_was_renamed(who, tmp_path):
    shell("mkdir old; touch old/f", tmp_path)
    time.sleep(0.1)
    shell("mv old new", tmp_path)
    since = time.time()
    shell("chmod 600 new/f", tmp_path)

    log = asked(who, tmp_path / "new" / "f", since + 2)

    assert log["process"] == "chmod"


@needs_rights
def test_names_of_any_bytes_are_found(who, tmp_path):
    path = os.fsencode(tmp_path) + b"/\xff\n.bin"
    since = time.time()
    subprocess.run(["touch", path], check=True)

    assert asked(who, os.fsdecode(path), since)["process"] == "touch"


@needs_rights
def test_says_nothing_while_events_are_missing(who, tmp_path):
    since = time.time()
    shell("echo x > f", tmp_path)
    time.sleep(0.05)
    who._history.add_gap(since, time.time())

    assert asked(who, tmp_path / "f", since) == {}


@needs_rights
def test_the_kernel_says_that_its_queue_overflowed(tmp_path):
    listener = Fanotify()
    listener.mark_filesystem(str(tmp_path))
    program = (
        "import os\n"
        "for number in range(most + 100): open(f'{number}', 'w').close(); os.unlink(f'{number}')"
    ).replace("most", MAX_QUEUED.read_text().strip())
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)

    masks = set()
    while touches := listener.read():
        masks |= {touch.mask for touch in touches}
    listener.close()

    assert any(mask & fanotify.OVERFLOW for mask in masks)


@needs_rights
def test_roots_without_handles_are_named(tmp_path, caplog):
    """overlayfs gives fanotify no handles; the other root is still told."""
    lower, upper, work, merged, plain = (tmp_path / name for name in "luwmp")
    for directory in (lower, upper, work, merged, plain):
        directory.mkdir()
    options = f"lowerdir={lower},upperdir={upper},workdir={work}"
    if subprocess.run(["mount", "-t", "overlay", "-o", options, "o", merged]).returncode:
        pytest.skip("overlayfs cannot be mounted here")
    try:
        who = WhoEnricher(WhoSettings(method="fanotify"), [str(merged), str(plain)])
        who.start()
        since = time.time()
        shell("echo x > f", merged)
        log = asked(who, merged / "f", since)
        who.stop()
    finally:
        subprocess.run(["umount", merged], check=True)

    assert who.method == "fanotify"
    assert (log == {}) == (str(merged) in caplog.text)


@needs_rights
def test_the_exits_of_a_moment_ago_are_known():
    exits = ProcessExits()
    process = subprocess.Popen([shutil.which("true")])
    process.wait()

    ended = exits.find(process.pid)
    exits.close()

    assert (ended.name, ended.uid) == ("true", os.getuid())
