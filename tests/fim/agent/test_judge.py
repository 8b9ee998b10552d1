"""File names that look like web shells."""

import pytest

from fim.agent.judge import judge_paths


@pytest.mark.parametrize(
    "name",
    [
        "c99.php",
        "r57.php",
        "b374k-2.8.php",
        "wso.php",
        "WSO2.5.PHP",
        "my_shell_v2.phtml",
        "cmdshell.jsp",
    ],
)
def test_takes_web_shell_names_for_malware(name):
    rule = judge_paths(f"/srv/www/{name}")

    assert (rule.name, rule.category) == ("web-shell-name", "malware")


@pytest.mark.parametrize(
    "path", ["/srv/www/index.php", "/srv/shell/index.php", "/bin/shell.py", "/srv/wsoap.php", ""]
)
def test_leaves_other_names_unjudged(path):
    assert judge_paths(path) is None


def test_judges_a_web_shell_that_was_renamed():
    assert judge_paths("/srv/www/index.php", "/srv/www/c99.php").category == "malware"
