"""`manage.py archive` deletes nothing of which the disk did not say that it has it.

The command's own calls to the kernel fail here, as on a failing disk, by strace.
"""

import gzip
import json
import os
import signal
import subprocess
import sys

import pytest

from tests.factories import log_json
from tests.node import ROOT, fresh_database
from tests.provided import provide

PART, FINAL = ".logs-2026-01.ndjson.gz.part", "logs-2026-01.ndjson.gz"
FAILED = "[Errno 5] Input/output error Archived 0 logs and deleted 0."


@pytest.fixture(scope="module")
def manage(tmp_path_factory):
    """Return a function that runs a command of a node that has 300 logs of January."""
    directory = tmp_path_factory.mktemp("node")
    with fresh_database(directory) as database_url:
        env = os.environ | {
            "DATABASE_URL": database_url,
            "VAR_DIR": str(directory / "var"),
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }

        def manage(*arguments, under=()):
            command = [*under, sys.executable, "manage.py", *arguments]
            return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)

        assert manage("migrate", "--verbosity", "0").returncode == 0
        logs = [log_json(path=f"/{n}", timestamp="2026-01-10T08:00:00Z") for n in range(300)]
        (directory / "logs.ndjson").write_text("\n".join(map(json.dumps, logs)))
        assert manage("import_logs", str(directory / "logs.ndjson")).returncode == 0
        yield manage


@pytest.fixture
def archive(manage, tmp_path):
    """Return a function that archives where the kernel meets a sync of one path with a fault."""

    def archive(*, path, fault):
        strace = [provide("strace", "strace"), "-f", "-o", str(tmp_path / "strace"), "-P", path]
        strace += ["-e", "trace=fsync,fdatasync", "-e", f"inject=fsync,fdatasync:{fault}"]
        options = ["--older-than-days", "7", "--directory", str(tmp_path)]
        done = manage("archive", *options, under=strace)
        left = manage("archive", *options, "--dry-run").stdout
        assert left == "Would archive 300 logs of 1 months: 2026-01 (300).\n", done.stderr
        return done

    return archive


def test_a_file_that_is_not_on_disk_gets_no_name(archive, tmp_path):
    done = archive(path=str(tmp_path / PART), fault="error=EIO")

    assert FAILED in done.stderr
    assert not (tmp_path / FINAL).exists()


def test_a_file_is_whole_when_it_is_synced(archive, tmp_path):
    done = archive(path=str(tmp_path / PART), fault="signal=KILL")

    assert done.returncode == -signal.SIGKILL
    with gzip.open(tmp_path / PART) as file:
        assert len(file.readlines()) == 300


def test_a_name_that_is_not_on_disk_lets_nothing_be_deleted(archive, tmp_path):
    done = archive(path=str(tmp_path), fault="error=EIO")

    assert FAILED in done.stderr
    assert (tmp_path / FINAL).exists()
