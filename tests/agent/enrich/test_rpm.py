"""Changes that rpm made are explained, by the real rpm in a root of its own."""

import time

import pytest

from fim.agent.changes.difference import Difference
from fim.agent.changes.facts import read_facts
from fim.agent.enrich.packages import Packages
from fim.agent.enrich.rpm import Rpm
from fim.agent.state.database import State
from tests.agent.debian import run
from tests.provided import provide


@pytest.fixture(autouse=True, scope="module")
def _rpm():
    provide("rpmbuild", "rpm")


SPEC = """
Name: hello
Version: {version}
Release: 1
Summary: hello
License: MIT
BuildArch: noarch
%description
hello
%install
mkdir -p %{{buildroot}}/usr/bin
echo "hello {version}" > %{{buildroot}}/usr/bin/hello
%files
/usr/bin/hello
"""


@pytest.fixture
def fedora(tmp_path):
    root = tmp_path / "root"
    (root / "var/lib/rpm").mkdir(parents=True)
    rpm(root, "--initdb")
    return root


@pytest.fixture
def packages(fedora, tmp_path):
    state = State(str(tmp_path / "state"))
    yield Packages(state, str(fedora))
    state.close()


def rpm(root, *arguments):
    run("rpm", "--root", str(root), "--dbpath", "/var/lib/rpm", *arguments)


def install(root, version):
    directory = root.parent / f"build-{version}"
    directory.mkdir()
    (directory / "hello.spec").write_text(SPEC.format(version=version))
    run("rpmbuild", "-bb", "--define", f"_topdir {directory}", str(directory / "hello.spec"))
    package = directory / "RPMS/noarch" / f"hello-{version}-1.noarch.rpm"
    rpm(root, "-U", "--nodeps", "--ignorearch", str(package))


def explained(packages, path, at=None):
    facts = read_facts(str(path))
    moment = at or time.time()
    difference = Difference("modified", str(path), after=facts, place=str(path), last_at=moment)
    log = {}
    packages.enrich(log, difference)
    return log.get("attributes", {}).get("explained_by")


def test_what_rpm_installs_and_upgrades_is_explained(fedora, packages, monkeypatch):
    monkeypatch.setattr("fim.agent.enrich.rpm.MIN_SECONDS", 0)
    install(fedora, "1.0")
    first = explained(packages, fedora / "usr/bin/hello")
    install(fedora, "2.0")
    second = explained(packages, fedora / "usr/bin/hello")

    assert first == {"package": "hello", "version": "1.0-1", "tool": "rpm"}
    assert second == first | {"version": "2.0-1", "version_before": "1.0-1"}


def test_other_content_other_files_and_other_times_are_not_explained(fedora, packages, monkeypatch):
    monkeypatch.setattr("fim.agent.enrich.rpm.MIN_SECONDS", 0)
    install(fedora, "1.0")
    path, other = fedora / "usr/bin/hello", fedora / "usr/bin/other"
    other.write_text("hello 1.0\n")

    assert explained(packages, path)
    assert explained(packages, other) is None
    assert explained(packages, path, at=time.time() + 3600) is None
    assert explained(packages, path, at=time.time() - 60) is None
    path.write_text("implant\n")
    assert explained(packages, path) is None


def test_rpm_is_not_asked_again_while_its_database_stays(fedora, monkeypatch):
    monkeypatch.setattr("fim.agent.enrich.rpm.MIN_SECONDS", 0)
    rpm_of_root = Rpm(str(fedora))
    list(rpm_of_root.operations_at(time.time()))
    asked = []
    monkeypatch.setattr(rpm_of_root, "_run_rpm", lambda *arguments: asked.append(arguments) or b"")

    for _ in range(3):
        list(rpm_of_root.operations_at(time.time()))

    assert asked == []


def test_an_rpm_that_does_not_answer_is_left_alone(fedora, tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    slow = tmp_path / "bin" / "rpm"
    slow.write_text(f"#!/bin/sh\necho asked >> {tmp_path}/asked\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    monkeypatch.setattr("fim.agent.enrich.rpm.QUERY_SECONDS", 0.2)
    monkeypatch.setattr("fim.agent.enrich.rpm.MIN_SECONDS", 0)
    rpm_of_root = Rpm(str(fedora))

    for number in range(3):
        (fedora / f"var/lib/rpm/{number}").write_text("x")
        list(rpm_of_root.operations_at(time.time()))

    assert (tmp_path / "asked").read_text() == "asked\n"
