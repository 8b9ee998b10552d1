"""The agent's Debian package, installed by dpkg over a view of this machine's files."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fim.agent import VERSION
from tests.node import ROOT

CONFIG = """
[[watch]]
path = "/etc/picket"
[node]
url = "{url}"
"""
# Prints what each step says, under its name. $1 is an empty directory, $2 the package, $3 the
# configuration.
STEPS = r"""
set -eu
mount -t tmpfs none "$1"
cd "$1"
mkdir upper work root
mount -t overlay none -o lowerdir=/,upperdir=upper,workdir=work root
mount --rbind /dev root/dev
cp "$2" root/agent.deb
cp "$3" root/agent.toml
exec chroot root sh -euc '
    dpkg --install /agent.deb
    find /usr/lib/picket-agent -name "__main__*.pyc"
    mv /agent.toml /etc/picket/
    picket-agent --version
    picket-agent check
    picket-agent scan
    picket-agent install-service --print | grep ^ExecStart=
    /usr/lib/picket-agent/bin/python3 -Ic "import django" || true
    dpkg --remove picket-agent
    ls /usr/lib/picket-agent /etc/picket || true
'
"""


def may_mount():
    command = ["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"]
    return os.geteuid() == 0 and subprocess.run(command, capture_output=True).returncode == 0


@pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="this is no Debian")
@pytest.mark.skipif(not may_mount(), reason="only root can lay files over those of this machine")
def test_is_installed_used_and_removed_without_pip(node, tmp_path):
    config = tmp_path / "agent.toml"
    config.write_text(CONFIG.format(url=node.url))
    (tmp_path / "machine").mkdir()
    make = ["make", "agent-deb", f"BIN={Path(sys.executable).parent}", f"DIST={tmp_path}"]
    run(*make, "--assume-old=.venv/installed-dev", cwd=ROOT)
    package = next(tmp_path.glob("*.deb"))

    said = run("unshare", "--mount", "sh", "-c", STEPS, "sh", tmp_path / "machine", package, config)

    assert f"\npicket-agent {VERSION}\n" in said
    assert "ok    rules: 1 file of YARA rules compile" in said
    assert f"ok    node {node.url}: takes logs without a key" in said
    assert "Made the baseline of /etc/picket." in said
    assert "ExecStart=/usr/bin/picket-agent run --config /etc/picket/agent.toml\n" in said
    assert "fim/agent/__pycache__/__main__.cpython" in said
    assert "No module named 'django'" in said
    assert "cannot access '/usr/lib/picket-agent'" in said
    assert said.endswith("/etc/picket:\nagent.toml\n")


def run(*command, cwd="/"):
    done = subprocess.run(
        ["env", "LC_ALL=C", *command],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout
