"""What judge, diffs and packages add to the logs of a running agent."""

import subprocess
import sys

import psutil

from fim.agent.config.sections import DiffSettings, JudgeSettings
from tests.agent.agents import running_agent, wait_until
from tests.agent.yara_samples import MALICIOUS
from tests.node import ROOT
from tests.patience import PATIENCE_SECONDS

MAX_RESIDENT_BYTES = 60 * 1024 * 1024


def log_of(node, path):
    def found():
        return [log for log in node.logs if log["path"] == str(path)]

    assert wait_until(found), node.logs
    return found()[-1]


def test_a_web_shell_is_malware_whatever_its_name(node, tree):
    text, rule = MALICIOUS["php-system-get"]
    with running_agent(str(tree), node.url):
        (tree / "index.php").write_text(text)

        log = log_of(node, tree / "index.php")

    assert (log["category"], log["rule"]) == ("malware", rule)


def test_a_text_has_its_diff_from_the_first_change_on(node, tree):
    (tree / "app.conf").write_text("debug = no\npassword = hush\n")
    with running_agent(str(tree), node.url, diff=DiffSettings(paths=("*.conf",))) as agent:
        assert wait_until(lambda: kept_texts(agent))
        (tree / "app.conf").write_text("debug = yes\npassword = hush\n")

        log = log_of(node, tree / "app.conf")

    assert log["attributes"]["diff"].startswith("@@ -1,2 +1,2 @@\n-debug = no\n+debug = yes\n")
    assert "hush" not in str(node.logs)


def kept_texts(agent):
    return agent.state.connection().execute("SELECT count(*) FROM texts").fetchone()[0]


def test_texts_follow_a_directory_that_is_renamed_under_watch(node, tree):
    (tree / "old").mkdir()
    (tree / "old" / "a.conf").write_text("one\n")
    with running_agent(str(tree), node.url, diff=DiffSettings(paths=("*.conf",))) as agent:
        assert wait_until(lambda: kept_texts(agent))
        (tree / "old").rename(tree / "new")
        log_of(node, tree / "new")
        (tree / "new" / "a.conf").write_text("two\n")

        log = log_of(node, tree / "new" / "a.conf")

    assert log["attributes"]["diff"] == "@@ -1 +1 @@\n-one\n+two"


def test_a_critical_path_is_danger_and_an_allowed_one_normal(node, tree):
    settings = JudgeSettings(critical_paths=("*.conf",))
    with running_agent(str(tree), node.url, judge=settings, allow=("known.conf",)):
        (tree / "a.conf").touch()
        (tree / "known.conf").touch()

        found = [log_of(node, tree / name)["category"] for name in ("a.conf", "known.conf")]

    assert found == ["danger", "normal"]


def test_the_agent_and_its_scans_stay_small(node, tree, tmp_path):
    config = tmp_path / "agent.toml"
    config.write_text(
        f'state_dir = "{tmp_path}/state"\nwindow_seconds = 0.1\n[node]\nurl = "{node.url}"\n'
        f'[[watch]]\npath = "{tree}"\n[diff]\npaths = ["*.conf"]\n'
    )
    command = [sys.executable, "-m", "fim.agent", "run", "--config", config]
    log = tmp_path / "agent.log"
    with log.open("w") as errors:
        process = subprocess.Popen(command, cwd=ROOT, stderr=errors)
    try:
        assert wait_until(lambda: "The baseline of" in log.read_text())
        for number in range(300):
            (tree / f"{number}.conf").write_text("a = 1\n" * number)
        log_of(node, tree / "299.conf")
        agent = psutil.Process(process.pid)
        sizes = [each.memory_info().rss for each in (agent, *agent.children())]
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)

    assert len(sizes) == 2
    assert max(sizes) < MAX_RESIDENT_BYTES
