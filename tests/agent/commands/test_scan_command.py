"""`python -m fim.agent scan` and `accept`: the baseline by hand."""

import json

import pytest

from fim.agent.__main__ import main

CONFIG = """
host = "web-1"
state_dir = "{directory}/state"
[[watch]]
path = "{directory}/tree"
[canary]
every_seconds = 0
[who]
method = "none"
"""


@pytest.fixture
def tree(tmp_path):
    tree = tmp_path / "tree"
    (tree / "deep").mkdir(parents=True)
    for name in ("a.txt", "b.txt", "c.txt", "deep/d.txt"):
        (tree / name).write_text(name)
    (tmp_path / "agent.toml").write_text(CONFIG.format(directory=tmp_path))
    return tree


@pytest.fixture
def agent(tmp_path, tree, capsys):
    """Run a command; give its exit code and what it said."""

    def agent(command, *arguments):
        try:
            code = main([command, "--config", str(tmp_path / "agent.toml"), *arguments])
        except SystemExit as exc:
            code = exc.code
        said = capsys.readouterr()
        return code, said.out + said.err

    return agent


def test_there_is_no_report_without_a_baseline(agent, tree):
    assert agent("scan", "--report") == (24, f"There is no baseline of {tree}.\n")


def test_the_first_scan_makes_the_baseline(agent, tree):
    assert agent("scan") == (0, f"Made the baseline of {tree}.\n")
    assert agent("scan", "--report") == (0, "5 entries looked at: no differences.\n")


@pytest.mark.parametrize(
    ("change", "code", "line"),
    [
        (lambda tree: (tree / "new").touch(), 1, "created    {tree}/new"),
        (lambda tree: (tree / "a.txt").unlink(), 2, "deleted    {tree}/a.txt"),
        (
            lambda tree: (tree / "a.txt").write_text("A.txt"),
            4,
            "modified   {tree}/a.txt  (sha256, mtime_ns)",
        ),
        (lambda tree: (tree / "a.txt").chmod(0o600), 4, "attributes {tree}/a.txt  (mode)"),
        (
            lambda tree: (tree / "a.txt").rename(tree / "e"),
            3,
            "moved      {tree}/a.txt -> {tree}/e",
        ),
        (
            lambda tree: (tree / "a.txt").rename(tree / "b.txt"),
            6,
            "modified   {tree}/b.txt  (sha256, mtime_ns)",
        ),
    ],
)
def test_a_report_names_a_difference_with_the_code_of_aide(agent, tree, change, code, line):
    agent("scan")
    change(tree)

    told = agent("scan", "--report")

    assert told[0] == code
    assert line.format(tree=tree) in told[1].splitlines()
    assert agent("scan", "--report") == told


def test_a_report_as_json_holds_both_values(agent, tree):
    agent("scan")
    (tree / "a.txt").chmod(0o4755)

    code, text = agent("scan", "--report", "--json")

    (difference,) = json.loads(text)["differences"]
    assert (code, difference["changed"]) == (4, {"mode": ["0644", "4755"]})


def test_a_later_scan_leaves_its_differences_for_the_node(agent, tree):
    agent("scan")
    (tree / "deep" / "d.txt").unlink()

    assert agent("scan") == (0, "1 logs wait for the node.\n")
    assert agent("scan") == (0, "1 logs wait for the node.\n")


def test_what_is_accepted_is_no_difference_any_more(agent, tree):
    agent("scan")
    (tree / "a.txt").write_text("other")
    (tree / "deep" / "d.txt").unlink()
    (tree / "deep" / "e.txt").touch()

    assert agent("accept", str(tree / "deep")) == (0, "Accepted 2 entries.\n")
    assert agent("scan", "--report")[0] == 4
    assert agent("accept") == (0, "Accepted 1 entry.\n")
    assert agent("scan", "--report")[0] == 0


def test_accepts_only_what_is_watched_and_known(agent, tree):
    assert agent("accept", "/etc")[0] == 15
    assert agent("accept", str(tree)) == (24, f"There is no baseline of {tree} yet; run scan.\n")


def test_a_bad_configuration_has_the_code_of_aide(agent, tmp_path):
    (tmp_path / "agent.toml").write_text("host = 3")

    code, said = agent("scan")

    assert code == 17 and "agent.toml line 1, host:" in said
