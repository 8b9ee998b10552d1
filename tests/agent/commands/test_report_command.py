import subprocess
import sys

import pytest

from fim.agent.service import reports


@pytest.fixture
def config(tmp_path):
    (tmp_path / "state").mkdir()
    path = tmp_path / "agent.toml"
    path.write_text(f'state_dir = "{tmp_path}/state"\n')
    return path


def report(config, path, event):
    command = [sys.executable, "-m", "fim.agent", "report", path, event, "--config", config]
    return subprocess.run(command, capture_output=True, text=True)


def waiting(tmp_path):
    with reports.saved(str(tmp_path / "state")) as found:
        return [(report.path, report.events) for report in found]


@pytest.mark.parametrize("path", [b"/srv/\xff\n'$(x)", b"/srv/a b", "/srv/\u202e.php".encode()])
def test_without_an_agent_a_report_is_left_on_disk(config, tmp_path, path):
    done = report(config, path, "IN_CREATE,IN_ISDIR")

    assert (done.returncode, done.stderr) == (0, "")
    assert [report[0].encode("utf-8", "surrogateescape") for report in waiting(tmp_path)] == [path]


def test_what_changes_nothing_is_not_kept(config, tmp_path):
    assert report(config, "/srv/a", "IN_CLOSE_NOWRITE").returncode == 0
    assert waiting(tmp_path) == []


@pytest.mark.parametrize(
    ("path", "event", "code", "reason"),
    [
        ("srv/a", "IN_CREATE", 2, "is no absolute path."),
        ("/srv/a", "CREATE", 2, "is no event of inotify; known are IN_CREATE,"),
    ],
)
def test_refuses_what_incron_does_not_give(config, path, event, code, reason):
    done = report(config, path, event)

    assert done.returncode == code
    assert reason in done.stderr


def test_says_that_a_report_was_lost(config, tmp_path):
    (tmp_path / "state").rmdir()

    done = report(config, "/srv/a", "IN_CREATE")

    assert done.returncode == 1
    assert "The report cannot be left in" in done.stderr


def test_says_that_the_configuration_cannot_be_read(tmp_path):
    done = report(tmp_path / "none.toml", "/srv/a", "IN_CREATE")

    assert done.returncode == 17
    assert done.stderr == f"{tmp_path}/none.toml cannot be read: No such file or directory.\n"


def test_imports_nothing_that_takes_long():
    """Each report is a process: no configuration, database, rules or node is loaded for it."""
    program = "import sys, fim.agent.commands.report; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    loaded = set(done.stdout.split())
    assert not loaded & {
        "fim.agent.config.file",
        "sqlite3",
        "pathspec",
        "http.client",
        "django",
        "ssl",
    }
