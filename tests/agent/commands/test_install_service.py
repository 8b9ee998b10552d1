import os
import shutil
import subprocess
import sys

import pytest

from fim.agent.service.service_unit import quoted, unit_for


@pytest.fixture
def config(tmp_path):
    root = tmp_path / "the root"
    root.mkdir()
    path = tmp_path / "agent.toml"
    path.write_text(f'state_dir = "{tmp_path}/state"\nhost = "web-1"\n[[watch]]\npath = "{root}"\n')
    return path


def install(config, *options):
    command = [sys.executable, "-m", "fim.agent", "install-service", "--config", config, *options]
    return subprocess.run(command, capture_output=True, text=True)


def test_writes_a_unit_that_names_this_python_config_and_state(config, tmp_path):
    done = install(config, "--path", tmp_path / "picket.service")

    unit = (tmp_path / "picket.service").read_text()
    assert done.returncode == 0
    assert f"ExecStart={sys.executable} -m fim.agent run --config {config}\n" in unit
    assert f"ReadWritePaths={tmp_path}/state\n" in unit
    assert f'ReadWritePaths="-{tmp_path}/the\\x20root/.picket-canary"\n' in unit


def test_shows_the_unit_and_writes_nothing(config, tmp_path):
    done = install(config, "--print", "--path", tmp_path / "picket.service")

    assert done.stdout.startswith("[Unit]\n")
    assert not (tmp_path / "picket.service").exists()


def test_a_different_file_is_written_over_only_by_force(config, tmp_path):
    path = tmp_path / "picket.service"
    path.write_text("mine")

    refused = install(config, "--path", path)
    kept = path.read_text()
    forced = install(config, "--path", path, "--force")
    again = install(config, "--path", path)

    assert (refused.returncode, kept) == (1, "mine")
    assert "exists and is different" in refused.stderr
    assert (forced.returncode, again.returncode) == (0, 0)
    assert again.stdout == f"{path} is as it should be.\n"


def test_prepares_state_and_canaries_before_a_start(config, tmp_path):
    done = install(config, "--prepare")

    assert done.returncode == 0
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "the root" / ".picket-canary").stat().st_mode & 0o777 == 0o600


def test_preparing_follows_no_link_that_another_put_there(config, tmp_path):
    os.symlink(tmp_path / "made", tmp_path / "the root" / ".picket-canary")

    done = install(config, "--prepare")

    assert done.returncode == 0
    assert "No canary in" in done.stderr
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("/srv/www", "/srv/www"),
        ("/srv/a b", '"/srv/a\\x20b"'),
        ("/srv/100%", "/srv/100%%"),
        ('/srv/"$x', '"/srv/\\x22$x"'),
        ("/srv/\udcff\u00e9", '"/srv/\\xff\\xc3\\xa9"'),
    ],
)
def test_paths_are_written_as_systemd_reads_them(path, written):
    assert quoted(path) == written


def test_refuses_a_path_that_would_begin_a_line_of_its_own():
    with pytest.raises(ValueError, match="line's end"):
        unit_for(
            config_path="/etc/a.toml",
            state_dir="/s\nExecStartPre=+/bin/sh",
            canary_roots=[],
            program=["picket-agent"],
            directory="/",
        )


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_systemd_finds_nothing_wrong_with_the_unit(config, tmp_path):
    install(config, "--path", tmp_path / "picket-agent.service")

    verify = ["systemd-analyze", "verify", tmp_path / "picket-agent.service"]
    done = subprocess.run(verify, capture_output=True, text=True)

    assert "picket-agent.service" not in done.stdout + done.stderr


@pytest.mark.skipif(not shutil.which("setpriv"), reason="setpriv is not installed")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can drop its rights")
def test_the_rights_that_the_unit_leaves_are_enough_to_say_who(config, tmp_path):
    unit = install(config, "--print").stdout
    kept = [
        line.removeprefix("CapabilityBoundingSet=CAP_").lower()
        for line in unit.splitlines()
        if line.startswith("CapabilityBoundingSet=")
    ]
    program = (
        "import sys, time; from fim.agent.kernel.fanotify_reader import FanotifyReader;"
        "from fim.agent.kernel.processes import read_process;"
        "from fim.agent.kernel.writer_history import WriterHistory;"
        "reader = FanotifyReader([sys.argv[1]], WriterHistory());"
        "print(reader._exits is not None, read_process(int(sys.argv[2])).executable)"
    )
    other = subprocess.Popen(["sleep", "20"], user="nobody")
    bounds = f"--bounding-set=-all,+{',+'.join(kept)}"

    done = subprocess.run(
        ["setpriv", bounds, "--inh-caps=-all", "--no-new-privs", sys.executable, "-c", program]
        + [tmp_path, str(other.pid)],
        capture_output=True, text=True,
    )  # fmt: skip
    other.kill()
    other.wait()

    assert done.stdout == f"True {shutil.which('sleep')}\n"
