"""gitignore's syntax over absolute paths, hostile names included."""

import time

import pytest

from fim.agent.config.patterns import Patterns, check_pattern


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("*.log", "/var/a/b.log", True),
        ("*.log", "/var/a/b.log.1", False),
        ("/var/cache/", "/var/cache/a/b", True),
        ("/var/cache/", "/srv/var/cache/a", False),
        ("cache/", "/srv/cache/a", True),
        ("/srv/**/tmp/", "/srv/a/b/tmp/x", True),
        ("/etc/cron.*/", "/etc/cron.d/job", True),
        ("*.log", "/var/evil.log\n", False),
        ("*.log", "/var/evil\n.log", True),
        ("/var/cache/", "/var/cache/a\nb", True),
        ("/var/cache/", "/var/cache\n/a", False),
        ("caf\u00e9", "/srv/caf\u00e9", True),
        ("*", "/srv/\udcff\udcfe", True),
        ("[a-c]*", "/srv/b", True),
        ("\\!odd", "/srv/!odd", True),
    ],
)
def test_matches(pattern, path, expected):
    assert Patterns([pattern]).match(path) == (pattern if expected else "")


def test_a_directory_pattern_takes_the_directory_and_no_file_of_its_name():
    patterns = Patterns(["/var/cache/"])

    assert patterns.match("/var/cache", is_directory=True)
    assert not patterns.match("/var/cache")


def test_later_patterns_win():
    patterns = Patterns(["*.log", "!important.log"])

    assert patterns.match("/var/a.log") == "*.log"
    assert patterns.match("/var/important.log") == ""


def test_no_patterns_match_nothing():
    assert not Patterns([])
    assert Patterns([]).match("/a") == ""


@pytest.mark.parametrize("pattern", ["*a*a*b", "**/*a*a/**/b", "**/a/**/*a*b", "*a*a/**/*b"])
@pytest.mark.parametrize("name", ["a", "aaaaaaaaaaa", "a" * 255])
def test_no_path_keeps_a_pattern_busy(pattern, name):
    check_pattern(pattern)
    path = f"/{name}" * (4096 // (len(name) + 1))
    began_at = time.process_time()

    Patterns([pattern]).match(path)

    assert time.process_time() - began_at < 1


@pytest.mark.parametrize(
    "line",
    ["", "  ", "#a", "a\nb", "!", "/", "[", "a/[b/c", "*a*b*c*d", "a/**/**/**", "*a*/*b*/*c"],
)
def test_refuses(line):
    with pytest.raises(ValueError):
        check_pattern(line)
