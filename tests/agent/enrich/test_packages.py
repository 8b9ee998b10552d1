"""Changes that dpkg made are explained, and no others."""

import hashlib
import os
import shutil
import threading
import time

import pytest

from fim.agent.changes.difference import Difference
from fim.agent.changes.facts import read_facts
from fim.agent.enrich.packages import Packages
from fim.agent.state.database import State
from tests.agent.debian import Debian

pytestmark = pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="there is no dpkg here")
HELLO = {"/usr/bin/hello": "hello 1\n"}


@pytest.fixture
def state(tmp_path):
    state = State(str(tmp_path / "state"))
    yield state
    state.close()


@pytest.fixture
def debian(tmp_path):
    return Debian(tmp_path / "root", tmp_path / "packages")


@pytest.fixture
def packages(debian, state):
    packages = Packages(state, str(debian.root))
    yield packages
    packages.close()


def explained(packages, path, *, at=None, action="modified", **others):
    facts = read_facts(str(path))
    difference = Difference(
        action=action,
        path=str(path),
        after=facts if facts.kind else None,
        place=str(path) if facts.kind else None,
        last_at=at or time.time(),
        **others,
    )
    log = {}
    packages.enrich(log, difference)
    return log.get("attributes", {}).get("explained_by")


def test_an_installed_file_is_explained(debian, packages):
    debian.install(debian.build("hello", "1.0", HELLO))

    assert explained(packages, debian.root / "usr/bin/hello", action="created") == {
        "package": "hello:all",
        "version": "1.0",
        "tool": "dpkg",
    }


def test_an_upgraded_file_is_explained_with_both_versions(debian, packages):
    debian.install(debian.build("hello", "1.0", HELLO))
    debian.install(debian.build("hello", "2.0", {"/usr/bin/hello": "hello 2\n"}))

    assert explained(packages, debian.root / "usr/bin/hello") == {
        "package": "hello:all",
        "version": "2.0",
        "version_before": "1.0",
        "tool": "dpkg",
    }


def test_other_content_than_the_package_has_is_not_explained(debian, packages):
    debian.install(debian.build("hello", "1.0", HELLO))
    (debian.root / "usr/bin/hello").write_text("hello, implant\n")

    assert explained(packages, debian.root / "usr/bin/hello") is None


def test_a_file_that_no_package_names_is_not_explained(debian, packages):
    debian.install(debian.build("hello", "1.0", HELLO))
    (debian.root / "usr/bin/other").write_text("hello 1\n")

    assert explained(packages, debian.root / "usr/bin/other") is None
    assert explained(packages, "/usr/bin/hello") is None


@pytest.mark.parametrize("seconds", [-60, 60, 3600])
def test_a_change_at_another_time_is_not_explained(debian, packages, seconds):
    debian.install(debian.build("hello", "1.0", HELLO))
    path = debian.root / "usr/bin/hello"

    assert explained(packages, path, at=time.time() + seconds) is None


def test_a_change_that_a_scan_found_later_is_explained_by_its_own_time(debian, packages):
    debian.install(debian.build("hello", "1.0", HELLO))
    path = debian.root / "usr/bin/hello"

    found = explained(packages, path, at=time.time() + 3600, from_scan=True)

    assert found["package"] == "hello:all"


def test_a_list_may_name_a_file_by_the_merged_directory(debian, packages):
    debian.install(debian.build("tool", "1.0", {"/bin/tool": "tool\n"}))

    assert explained(packages, debian.root / "usr/bin/tool")["package"] == "tool:all"


def test_conffiles_are_explained_where_they_are_the_packages_own(debian, packages):
    conffile = debian.root / "etc/tool.conf"
    files = {"/etc/tool.conf": "a = 1\n"}
    debian.install(debian.build("tool", "1.0", files, conffiles=files))
    installed = explained(packages, conffile)
    conffile.write_text("a = 2\n")

    assert installed["package"] == "tool:all"
    assert explained(packages, conffile) is None


def test_a_package_without_sums_is_believed_by_its_list(debian, packages):
    debian.install(debian.build("hello", "1.0", HELLO, has_sums=False))

    assert explained(packages, debian.root / "usr/bin/hello")["version"] == "1.0"


def test_new_directories_and_links_are_explained(debian, packages):
    debian.install(debian.build("hello", "1.0", {"/usr/share/hello/a": "a\n"}))

    assert explained(packages, debian.root / "usr/share/hello", action="created")


def test_a_removed_file_is_explained(debian, packages):
    debian.install(debian.build("hello", "1.0", HELLO))
    packages.remember()
    debian.dpkg("-r", "hello")

    assert explained(packages, debian.root / "usr/bin/hello", action="deleted") == {
        "package": "hello:all",
        "version_before": "1.0",
        "tool": "dpkg",
    }


def test_a_file_that_an_upgrade_drops_is_explained(debian, packages):
    debian.install(debian.build("hello", "1.0", HELLO | {"/usr/bin/bye": "bye\n"}))
    packages.remember()
    debian.install(debian.build("hello", "2.0", HELLO))

    assert explained(packages, debian.root / "usr/bin/bye", action="deleted")["version"] == "2.0"


def test_dpkgs_own_events_to_a_file_are_explained(debian, packages):
    debian.install(debian.build("hello", "1.0", HELLO))
    events = debian.root / "usr/bin/hello.dpkg-tmp", debian.root / "usr/bin/other.dpkg-tmp"

    found = [explained(packages, event, action="deleted") for event in events]

    assert found[0]["package"] == "hello:all"
    assert found[1] is None


def test_deleting_what_a_package_still_names_is_not_explained(debian, packages):
    debian.install(debian.build("hello", "1.0", HELLO))
    packages.remember()
    (debian.root / "usr/bin/hello").unlink()

    assert explained(packages, debian.root / "usr/bin/hello", action="deleted") is None


def test_a_diverted_file_belongs_to_the_package_whose_path_was_diverted(debian, packages):
    (debian.root / "var/lib/dpkg/diversions").write_text(
        "/usr/bin/hello\n/usr/bin/hello.real\nwrapper\n"
    )
    debian.install(debian.build("hello", "1.0", HELLO))
    (debian.root / "usr/bin/hello").write_text("hello 1\n")

    assert explained(packages, debian.root / "usr/bin/hello.real")["package"] == "hello:all"
    assert explained(packages, debian.root / "usr/bin/hello") is None


def test_what_is_being_unpacked_is_explained_before_its_sums_are_in_place(debian, packages):
    """dpkg writes files first and its lists last; a large package takes longer than the agent."""
    debian.install(debian.build("hello", "1.0", HELLO))
    new = "hello 2\n"
    (debian.root / "usr/bin/hello").write_text(new)
    control = debian.root / "var/lib/dpkg/tmp.ci"
    control.mkdir()
    (control / "control").write_text("Package: hello\nVersion: 2.0\n")
    sum_of_new = hashlib.md5(new.encode()).hexdigest()
    (control / "md5sums").write_text(f"{sum_of_new}  usr/bin/hello\n")
    with open(debian.root / "var/log/dpkg.log", "a") as log:
        log.write(time.strftime("%Y-%m-%d %H:%M:%S upgrade hello:all 1.0 2.0\n"))

    assert explained(packages, debian.root / "usr/bin/hello")["version"] == "2.0"


def test_reads_on_in_a_log_that_was_rotated(debian, packages):
    debian.install(debian.build("hello", "1.0", HELLO))
    first = explained(packages, debian.root / "usr/bin/hello")
    log = debian.root / "var/log/dpkg.log"
    log.rename(f"{log}.1")
    debian.install(debian.build("hello", "2.0", {"/usr/bin/hello": "hello 2\n"}))

    second = explained(packages, debian.root / "usr/bin/hello")

    assert (first["version"], second["version"]) == ("1.0", "2.0")
    assert second["version_before"] == "1.0"


def test_a_start_after_a_rotation_knows_what_came_before(debian, state):
    debian.install(debian.build("hello", "1.0", HELLO))
    log = debian.root / "var/log/dpkg.log"
    log.rename(f"{log}.1")
    log.touch()

    packages = Packages(state, str(debian.root))
    found = explained(packages, debian.root / "usr/bin/hello")
    packages.close()

    assert found["version"] == "1.0"


def test_leaves_no_thread_behind(debian, state):
    before = set(threading.enumerate())
    packages = Packages(state, str(debian.root))
    assert set(threading.enumerate()) > before

    packages.close()

    assert set(threading.enumerate()) == before


def test_what_a_removal_leaves_is_not_explained_by_it(debian, packages):
    conffile = debian.root / "etc/tool.conf"
    files = {"/etc/tool.conf": "a = 1\n"}
    debian.install(debian.build("tool", "1.0", files, conffiles=files))
    log = debian.root / "var/log/dpkg.log"
    debian.dpkg("-r", "tool")
    removal = [line for line in log.read_text().splitlines(True) if " 1.0 <none>" in line][-1]
    log.write_text(removal)
    conffile.write_text("a = 2\n")

    assert explained(packages, conffile) is None


def test_a_log_full_of_nonsense_explains_nothing(debian, packages):
    (debian.root / "var/log/dpkg.log").write_bytes(
        b"\0\xff\n2026-99-99 99:99:99 install a <none> 1\nshort\n" + b"x " * 100_000
    )

    assert explained(packages, debian.root / "usr") is None


def test_a_name_with_a_line_break_names_no_line_of_a_list(debian, packages):
    debian.install(debian.build("hello", "1.0", HELLO | {"/usr/bin/a": "a\n"}))
    hostile = debian.root / "usr/bin" / "hello\n"
    os.makedirs(debian.root / "usr/bin/a\n" / "usr/bin")
    hostile.write_text("hello 1\n")
    (debian.root / "usr/bin/a\n/usr/bin/hello").write_text("hello 1\n")

    assert explained(packages, hostile) is None
    assert explained(packages, debian.root / "usr/bin/a\n/usr/bin/hello") is None


def test_a_host_without_package_managers_explains_nothing(state, tmp_path):
    assert explained(Packages(state, str(tmp_path)), tmp_path) is None
