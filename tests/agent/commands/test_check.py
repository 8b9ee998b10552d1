"""`python -m fim.agent check`, against a real node."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from fim.agent.config.sections import Config, YaraSettings
from fim.agent.service import checks
from tests.node import ROOT, running_node
from tests.patience import PATIENCE_SECONDS


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    directory = tmp_path_factory.mktemp("node")
    with running_node(directory, FIM_INGEST_ALLOWED_NETWORKS="192.0.2.0/24") as node:
        yield node


@pytest.fixture(scope="module")
def key(node):
    return node.manage("create_key", "agents", "--scope", "post_logs").split()[-1]


@pytest.fixture
def check(tmp_path):
    (tmp_path / "tree").mkdir()

    def check(text, *arguments, status):
        path = tmp_path / "agent.toml"
        path.write_text(
            f'state_dir = "{tmp_path}/state"\n{text}\n[[watch]]\npath = "{tmp_path}/tree"\n'
        )
        path.chmod(0o600)
        command = [sys.executable, "-m", "fim.agent", "check", "--config", path, *arguments]
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_SECONDS
        )
        assert done.returncode == status, done.stdout + done.stderr
        assert not (tmp_path / "state").exists()
        return done.stdout

    return check


def line_of(output, name):
    return next(line for line in output.splitlines() if line[6:].startswith(name))


def test_everything_is_well(check, node, key):
    output = check(f'node = {{url = "{node.url}", key = "{key}"}}', status=0)

    assert line_of(output, "node") == f"ok    node {node.url}: takes logs with this key"
    assert line_of(output, "rules") == "ok    rules: 1 file of YARA rules compile"
    assert line_of(output, "configuration").startswith("ok")
    assert "fail" not in output


def test_posts_no_log(check, node, key):
    check(f'node = {{url = "{node.url}", key = "{key}"}}', status=0)

    assert node.as_admin("GET", "/api/logs/")[1]["count"] == 0


@pytest.mark.parametrize("key", ["", 'key = "nokey.nosecret", '])
def test_a_node_that_refuses_the_agent_fails_with_advice(check, node, key):
    output = check(f'node = {{{key}url = "{node.url}"}}', status=1)

    assert line_of(output, "node").startswith(f"fail  node {node.url}: does not take logs")
    assert "give a key of that node" in line_of(output, "node")


def test_a_node_that_is_away_fails(check):
    output = check('node = {url = "http://127.0.0.1:9"}', status=1)

    assert line_of(output, "node").startswith("fail  node http://127.0.0.1:9: does not answer")


def test_an_address_that_is_no_nodes_fails(check, node):
    output = check(f'node = {{url = "{node.url}/elsewhere"}}', status=1)

    assert "is no node" in line_of(output, "node")


def test_broken_rules_fail_with_file_and_line(check, tmp_path):
    (tmp_path / "own.yar").write_text("rule a { condition: true }\nrule b { condition: $c }\n")

    output = check(f'yara = {{rules = ["{tmp_path}/own.yar"]}}', status=1)

    assert line_of(output, "rules").startswith(f"fail  rules: {tmp_path}/own.yar line 2: unknown")


def test_a_bad_configuration_fails_with_line_and_key(check):
    output = check("window_seconds = 0", status=1)

    assert output == (
        "fail  configuration: agent.toml line 2, window_seconds: 0 is out of range;"
        " 0.1 to 60 seconds are taken.\n"
    )


def test_a_spool_that_the_disk_cannot_hold_is_a_warning(check, node, key):
    output = check(
        f'node = {{url = "{node.url}", key = "{key}"}}\nspool = {{max_bytes = {1 << 40}}}', status=0
    )

    assert line_of(output, "state").startswith("warn")


@pytest.mark.parametrize(("limit", "result"), [(2, "fail"), (5, "warn"), (6, "ok")])
def test_compares_the_limit_of_watches_with_the_directories(tmp_path, monkeypatch, limit, result):
    """Three directories; the kernel is asked below /proc, here below another directory."""
    (tmp_path / "tree" / "a" / "b").mkdir(parents=True)
    (tmp_path / "tree" / "ignored" / "c").mkdir(parents=True)
    (tmp_path / "limits").mkdir()
    for name in ("max_user_watches", "max_queued_events", "max_user_instances"):
        (tmp_path / "limits" / name).write_text(f"{limit}\n")
    monkeypatch.setattr(checks, "LIMITS", str(tmp_path / "limits"))
    config = Config.for_directories(
        [str(tmp_path / "tree")],
        state_dir=str(tmp_path / "state"),
        ignore=("ignored/",),
        yara=YaraSettings(rules=()),
        node_url="http://127.0.0.1:9",
    )

    found = {each.name: each for each in checks.checks(config)}

    assert found["inotify max_user_watches"].result == result
    assert f"{limit} for 3 directories" in found["inotify max_user_watches"].detail
    assert found["inotify max_queued_events"].result == "warn"


def test_says_the_same_in_json(check, node, key):
    found = json.loads(check(f'node = {{url = "{node.url}", key = "{key}"}}', "--json", status=0))

    assert found["ok"] is True
    assert {
        "result": "ok",
        "name": f"node {node.url}",
        "detail": "takes logs with this key",
        "advice": "",
    } in found["checks"]


@pytest.fixture
def open_directory():
    """pytest's own directories are closed to other users."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield Path(name)


@pytest.mark.skipif(os.geteuid() != 0, reason="another user is made by root alone")
def test_says_which_rights_another_user_lacks(open_directory):
    private = open_directory / "private"
    private.mkdir(mode=0o700)
    # The interpreter's own files may lie where nobody else may look.
    code = (
        "import os; from fim.agent.service import checks;"
        "from fim.agent.config.sections import Config, YaraSettings;"
        f"config = Config.for_directories(['{private}'],"
        f" state_dir='{private}/state', yara=YaraSettings(rules=()));"
        "list(checks.checks(config));"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534);"
        "print([(c.result, c.name) for c in checks.checks(config) if c.result != 'ok'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )

    assert f"('fail', 'watch {private}')" in done.stdout, done.stderr
    assert "('warn', 'rights')" in done.stdout
    assert "('fail', 'state')" in done.stdout
    assert "('warn', 'who')" in done.stdout


def run_with(tmp_path, text):
    config = tmp_path / "agent.toml"
    config.write_text(f'state_dir = "{tmp_path}/state"\n[[watch]]\npath = "{tmp_path}"\n{text}\n')
    command = [sys.executable, "-m", "fim.agent", "run", "--config", config]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_SECONDS
    )


def test_run_ends_at_once_where_a_key_is_wrong(tmp_path):
    done = run_with(tmp_path, "[nod]")

    assert done.returncode == 17
    assert done.stderr == "agent.toml line 4, nod: is unknown; did you mean node?\n"


def test_run_ends_at_once_where_a_rule_is_broken(tmp_path):
    (tmp_path / "own.yar").write_text("rule broken {")

    done = run_with(tmp_path, f'[yara]\nrules = ["{tmp_path}/own.yar"]')

    assert done.returncode == 17
    assert f"{tmp_path}/own.yar line 1: syntax error" in done.stderr
