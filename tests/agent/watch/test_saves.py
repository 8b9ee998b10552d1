"""An editor's save is one log of the file that was saved."""

import os
import shutil
import subprocess

import pytest

from tests.agent.agents import at_one_moment, changes, running_agent
from tests.agent.debian import Debian
from tests.patience import PATIENCE_SECONDS
from tests.provided import provide


@pytest.fixture
def file(tmp_path):
    (tmp_path / "tree").mkdir()
    file = tmp_path / "tree" / "a.conf"
    file.write_text("old\n")
    return file


def vim_without_backup(file):
    """What vim does by default: a test file, a swap file, the old file set aside."""
    directory = file.parent
    swap, test, aside = directory / ".a.conf.swp", directory / "4913", directory / "a.conf~"
    swap.write_text("swap")
    test.touch()
    test.unlink()
    file.rename(aside)
    file.write_text("new\n")
    file.chmod(0o644)
    aside.unlink()
    swap.unlink()


def vim_that_copies(file):
    """`backupcopy=yes`: a copy is made, the file itself written, the copy removed."""
    aside = file.with_name("a.conf~")
    shutil.copy2(file, aside)
    file.write_text("new\n")
    aside.unlink()


def emacs_and_rsync(file):
    hidden = file.with_name(".a.conf.x8Kq2Z")
    hidden.write_text("new\n")
    hidden.chmod(0o644)
    hidden.rename(file)


def sed(file):
    subprocess.run(["sed", "-i", "s/old/new/", file], check=True)


def move_a_file_made_elsewhere(file):
    made = file.parent.parent / "made"
    made.write_text("new\n")
    made.rename(file)


@pytest.mark.parametrize(
    "save",
    [vim_without_backup, vim_that_copies, emacs_and_rsync, sed, move_a_file_made_elsewhere],
)
def test_a_save_is_one_modified_log_with_its_events(node, file, save):
    with running_agent(file.parent, node.url) as agent:
        with at_one_moment(agent):
            save(file)

        assert changes(node, 1) == [("modified", "a.conf")]
    (log,) = node.logs
    assert log["sha256"] != log["sha256_before"]
    assert log["path"] == str(file)


def test_the_events_of_a_save_stand_in_their_order(node, file):
    with running_agent(file.parent, node.url) as agent:
        with at_one_moment(agent):
            vim_without_backup(file)
        changes(node, 1)

    words = [event.split()[0] for event in node.logs[0]["attributes"]["steps"]]
    assert [word for word in words if word == "moved"] == ["moved"]
    assert words[0] == "created" and words[-1] == "deleted"
    assert node.logs[0]["attributes"]["count"] >= 9


def test_a_backup_that_is_kept_is_a_file_of_its_own(node, file):
    with running_agent(file.parent, node.url) as agent:
        with at_one_moment(agent):
            file.rename(file.with_name("a.conf~"))
            file.write_text("new\n")

        assert sorted(changes(node, 2)) == [("created", "a.conf~"), ("modified", "a.conf")]


def test_a_save_by_vim_itself(node, file):
    vim = provide("vim", "vim")
    with running_agent(file.parent, node.url) as agent:
        with at_one_moment(agent):
            subprocess.run(
                [vim, "-es", "-u", "NONE", "-c", "normal Gonew", "-c", "wq", file],
                check=False,
                env={**os.environ, "TERM": "dumb"},
                timeout=PATIENCE_SECONDS,
            )

        assert changes(node, 1) == [("modified", "a.conf")]


def test_a_temporary_name_without_a_save_is_not_hidden(node, file):
    with running_agent(file.parent, node.url) as agent:
        with at_one_moment(agent):
            (file.parent / "x.tmp").write_text("x")
            (file.parent / "x.tmp").unlink()

        assert changes(node, 1) == [("deleted", "x.tmp")]


@pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="there is no dpkg here")
def test_an_upgrade_by_dpkg_is_one_log_a_file(node, tmp_path):
    (tmp_path / "packages").mkdir()
    debian = Debian(tmp_path / "root", tmp_path / "packages")
    names = ["/etc/tool.conf", "/usr/bin/tool", "/usr/bin/tools", "/usr/lib/tool.so"]
    (tmp_path / "root" / "etc").mkdir()
    first, second = (
        debian.build("tool", version, dict.fromkeys(names, f"version {version}"), names[:1])
        for version in "12"
    )
    debian.install(first)
    tree = tmp_path / "root"

    with running_agent(tree, node.url, window_seconds=0.5, ignore=[f"{tree}/var/"]) as agent:
        with at_one_moment(agent):
            debian.install(second)
        changes(node, len(names))

    told = sorted((log["action"], log["path"]) for log in node.logs)
    assert told == [("modified", f"{tree}{name}") for name in names]
    (tool,) = [log for log in node.logs if log["path"].endswith("/tool")]
    events = " ".join(tool["attributes"]["steps"])
    assert "deleted" in events and "tool.dpkg-tmp" in events and "tools" not in events
