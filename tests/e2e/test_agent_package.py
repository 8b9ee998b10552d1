"""The agent's wheel, in an environment that has nothing else, watching for a real node."""

import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path
from zipfile import ZipFile

import pytest

from fim.agent import VERSION
from tests.e2e.real_agent import ROOT, assert_all_arrived_once, real_agent, stored_logs, wait_until

WEB_SHELL = "<?php eval($_POST[0]);"
# Measured: 39; a node's packages are 132.
MAX_MEGABYTES = 60


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """The wheel that `make agent` builds, and the two that it needs."""
    directory = tmp_path_factory.mktemp("wheels")
    make = ["make", "agent", f"BIN={Path(sys.executable).parent}", f"DIST={directory}"]
    # This interpreter has what requirements-dev.txt names.
    run(*make, "--assume-old=.venv/installed-dev", cwd=ROOT)
    for name in ("pathspec", "yara-x"):
        pack(name, directory)
    return directory


def pack(name, directory):
    """Make the wheel anew that a package was installed from: no test asks a registry for it."""
    package = distribution(name)
    tag = next(line for line in package.read_text("WHEEL").splitlines() if line.startswith("Tag: "))
    file_name = f"{name.replace('-', '_')}-{package.version}-{tag.removeprefix('Tag: ')}.whl"
    with ZipFile(directory / file_name, "w") as wheel:
        for file in package.files:
            if file.suffix != ".pyc" and ".." not in file.parts:
                wheel.write(file.locate(), file)


@pytest.fixture(scope="module")
def environment(wheels, tmp_path_factory):
    """A virtual environment with the agent alone, not even pip."""
    directory = tmp_path_factory.mktemp("agent")
    run(sys.executable, "-m", "venv", "--without-pip", directory)
    pip = [sys.executable, "-m", "pip", "--python", directory / "bin/python", "install"]
    run(*pip, "--quiet", "--no-index", "--find-links", wheels, "picket-agent")
    return directory


@pytest.fixture
def program(environment):
    return environment / "bin/picket-agent"


def run(*command, cwd="/"):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_wheel_holds_the_agent_alone(wheels):
    names = ZipFile(next(wheels.glob("picket_agent-*.whl"))).namelist()

    elsewhere = {name for name in names if not name.startswith(("fim/agent/", "picket_agent-"))}
    assert elsewhere == {"fim/__init__.py"}
    assert "fim/agent/rules/starter.yar" in names


def test_program_says_its_version(program):
    assert run(program, "--version") == f"picket-agent {VERSION}\n"


def test_environment_has_every_module_that_the_agent_imports_and_nothing_of_a_node(environment):
    code = (
        "import importlib, pkgutil, fim.agent\n"
        "from importlib.util import find_spec\n"
        "for module in pkgutil.walk_packages(fim.agent.__path__, 'fim.agent.'):\n"
        "    importlib.import_module(module.name)\n"
        "names = 'django', 'rest_framework', 'config', 'users', 'threats', 'fim.models', 'yara_x'\n"
        "print(*[name for name in names if find_spec(name)])"
    )

    assert run(environment / "bin/python", "-c", code) == "yara_x\n"


def test_environment_is_small(environment):
    files = [path for path in environment.rglob("*") if not path.is_symlink()]
    megabytes = sum(path.stat().st_size for path in files if path.is_file()) / 1e6

    assert megabytes < MAX_MEGABYTES


def test_example_configuration_is_beside_the_program(environment):
    example = environment / "share/picket-agent/agent.example.toml"

    assert example.read_bytes() == (ROOT / "fim/agent/agent.example.toml").read_bytes()


def test_watches_and_reports_to_a_node(program, node, tmp_path):
    with real_agent(tmp_path, node, program=[program]) as agent:
        (agent.tree / "kept.html").write_text("old")
        agent.start()
        (agent.tree / "kept.html").write_text("new")
        (agent.tree / "x.php").write_text(WEB_SHELL)
        assert_all_arrived_once(agent)
        elsewhere = tmp_path / "reported.html"
        elsewhere.write_text("x")
        run(program, "report", elsewhere, "IN_CLOSE_WRITE", "--config", agent.config)
        wait_until(lambda: len(stored_logs(node)) == 3, agent)
        agent.stop()
        (agent.tree / "kept.html").unlink()
        agent.start()
        wait_until(lambda: len(stored_logs(node)) == 4, agent)

    found = [(log["action"], log["file_name"], log["category"]) for log in stored_logs(node)]
    assert sorted(found) == [
        ("created", "reported.html", "normal"),
        ("created", "x.php", "malware"),
        ("deleted", "kept.html", "normal"),
        ("modified", "kept.html", "normal"),
    ]


def test_unit_needs_no_checkout(program, tmp_path):
    config = tmp_path / "agent.toml"
    config.write_text('[[watch]]\npath = "/etc"\n')

    unit = run(program, "install-service", "--print", "--config", config)

    assert f"ExecStart={program} run --config {config}\n" in unit
    assert "WorkingDirectory=/\n" in unit
    assert str(ROOT) not in unit
