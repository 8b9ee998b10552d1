"""The locks hold what the direct requirements ask for, and nothing that a registry could swap."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ["requirements", "requirements-dev"]
AGENT = "fim/agent_package/requirements"
PIN = re.compile(r"^([\w.-]+(?:\[[\w,]+\])?==[\w.]+)", re.MULTILINE)
HASHED = re.compile(r"^\S+==\S+( ; [^\\\n]+)?( \\\n    --hash=sha256:[0-9a-f]{64})+$", re.MULTILINE)


def pins(name):
    return {pin.lower() for pin in PIN.findall((ROOT / name).read_text())}


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_has_every_direct_requirement(lock):
    assert pins(f"{lock}.in") <= pins(f"{lock}.txt")


@pytest.mark.parametrize("lock", [*LOCKS, AGENT])
def test_every_requirement_has_its_hashes(lock):
    text = (ROOT / f"{lock}.txt").read_text()

    assert len(HASHED.findall(text)) == len(PIN.findall(text))


@pytest.mark.parametrize("lock", [*LOCKS, AGENT])
def test_lock_names_no_place_to_install_from(lock):
    text = (ROOT / f"{lock}.txt").read_text()

    assert not re.search("//|index-url|find-links|trusted-host", text)


def test_suite_runs_on_what_a_node_and_an_agent_install():
    assert pins(f"{AGENT}.txt") < pins("requirements.txt") <= pins("requirements-dev.txt")
