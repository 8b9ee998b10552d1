"""One TOML file, refused with every bad key named by its line."""

import os
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

import fim.agent
from fim.agent.config.file import Config, ConfigError, load
from fim.agent.config.working_hours import read_shift

EXAMPLE = Path(fim.agent.__file__).parent / "agent.example.toml"
LEAST = '[[watch]]\npath = "/etc"\n'


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "agent.toml"
        path.write_text(text)
        return str(path)

    return write


def complaints(path):
    with pytest.raises(ConfigError) as caught:
        load(path)
    return str(caught.value).splitlines()


def test_the_least_file_gives_the_defaults(write):
    config = load(write(LEAST))

    assert config.roots == ("/etc",)
    assert config == Config(host=os.uname().nodename, watch=config.watch)


def test_reads_every_section(write):
    config = load(
        write(
            'host = "web-3"\nstate_dir = "/srv/state"\nwindow_seconds = 2\nignore = ["*.log"]\n'
            '[node]\nurl = "https://picket.example:8443/base"\nkey = "abc.def"\n'
            f"{LEAST}"
            '[judge]\nworking_hours = ["mon-fri 08:00-18:00"]\ntimezone = "Asia/Jakarta"\n'
            'critical_extensions = [".PHP", "tar.gz"]\n[who]\nmethod = "none"\n'
        )
    )

    assert (config.host, config.state_dir, config.window_seconds) == ("web-3", "/srv/state", 2.0)
    assert (config.node.url, config.node.key) == ("https://picket.example:8443/base", "abc.def")
    assert config.judge.working_hours == (read_shift("mon-fri 08:00-18:00"),)
    assert config.judge.zone.key == "Asia/Jakarta"
    assert config.judge.critical_extensions == ("php", "tar.gz")
    assert (config.ignore, config.who.method) == (("*.log",), "none")


def test_names_line_and_key_of_all_that_is_wrong(write):
    path = write(
        "hots = 'web-3'\n"
        "window_seconds = 100\n"
        "ignore = [\n"
        '  "*.log", # fine\n'
        '  "a\\nb",\n'
        "]\n"
        "[node]\n"
        'url = "ftp://x"\n'
        "[judge]\n"
        'timezone = "Mars/Base"\n'
        'working_hours = ["mon-fri 08:00-18:00",\n'
        '  "mon 8-18"]\n'
        "critical_paths = 5\n"
        "[scan]\n"
        "workers = true\n"
        "[[watch]]\n"
        'path = "/etc"\n'
        "[[watch]]\n"
        'path = "relative"\n'
        "[[watch]]\n"
        'paths = "/srv"\n'
        "[bogus]\n"
        "[yara]\n"
        'rules = ["starter", "/nowhere/rules"]\n'
    )

    found = complaints(path)

    assert [line.split(": ")[0] for line in found] == [
        "agent.toml line 1, hots",
        "agent.toml line 2, window_seconds",
        "agent.toml line 5, ignore",
        "agent.toml line 8, node.url",
        "agent.toml line 10, judge.timezone",
        "agent.toml line 12, judge.working_hours",
        "agent.toml line 13, judge.critical_paths",
        "agent.toml line 15, scan.workers",
        "agent.toml line 19, watch.path",
        "agent.toml line 20, watch",
        "agent.toml line 21, watch.paths",
        "agent.toml line 22, bogus",
        "agent.toml line 24, yara.rules",
    ]
    assert found[0].endswith("is unknown; did you mean host?")
    assert found[1].endswith("100 is out of range; 0.1 to 60 seconds are taken.")
    assert found[7].endswith("takes a whole number, not true or false.")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = [1,\n\n", "agent.toml: not valid TOML: Invalid value."),
        ('host = "a"\nhost = "b"\n', "agent.toml line 2: not valid TOML: Cannot overwrite a value"),
        ('[node]\nurl = "http://a"\n[node]\n', "agent.toml line 3: not valid TOML: "),
        ("a = " + "[" * 100_000, "agent.toml: not valid TOML: too many brackets"),
        ('host = "a\n', "agent.toml line 1: not valid TOML: Illegal character"),
        ("node = 5\n" + LEAST, "agent.toml line 1, node: takes a table, written [node]"),
        ("watch = 5\n", "agent.toml line 1, watch: names no directory"),
        ("watch = [5]\n", "agent.toml line 1, watch: takes a table"),
        ("", "agent.toml line 1, watch: names no directory"),
    ],
)
def test_says_where_a_file_breaks(write, text, said):
    assert complaints(write(text))[0].startswith(said)


@pytest.mark.parametrize(
    "line",
    [
        "window_seconds = nan",
        "window_seconds = inf",
        "window_seconds = -1",
        'window_seconds = "2"',
        "window_seconds = 1979-05-27",
        'host = ""',
        'host = "a\\u0007b"',
        'state_dir = "state"',
        'ignore = "*.log"',
        "ignore = [5]",
        'ignore = [""]',
        'ignore = ["# comment"]',
        'ignore = ["*a*b*c*d*e"]',
        'allow = ["a/**/b/**/c/**/d/**/e/**/f"]',
        "node = {url = 'http://127.0.0.1:0'}",
        "node = {url = 'http://user@host'}",
        "node = {timeout_seconds = 0}",
        'node = {key = "caf\\u00e9"}',
        'node = {key = "a\\nb"}',
        "spool = {max_bytes = 5}",
        "who = {method = 'guess'}",
        "judge = {critical_extensions = ['*']}",
        "judge = {working_hours = ['mon-fri 08:00-25:00']}",
        "judge = {timezone = '../../etc/passwd'}",
        "yara = {timeout_seconds = 1.5}",
    ],
)
def test_refuses(write, line):
    key = line.split()[0]

    found = complaints(write(f"{line}\n{LEAST}"))

    assert len(found) == 1
    assert found[0].startswith(f"agent.toml line 1, {key}")


@pytest.mark.parametrize("path", ["//etc", "/etc/", "/srv/../etc", "/./etc"])
def test_a_root_has_one_spelling(write, path):
    assert load(write(f'[[watch]]\npath = "{path}"\n')).roots == ("/etc",)


def test_reads_the_key_from_a_file(write, tmp_path):
    (tmp_path / "key").write_text("abc.def\n")
    (tmp_path / "key").chmod(0o600)

    config = load(write(f'[node]\nkey_file = "{tmp_path}/key"\n{LEAST}'))

    assert (config.node.key, config.warnings) == ("abc.def", ())
    assert "abc.def" not in repr(config)


def test_warns_of_a_key_that_others_may_read(write, tmp_path):
    (tmp_path / "key").write_text("abc.def\n")
    (tmp_path / "key").chmod(0o644)

    config = load(write(f'[node]\nkey_file = "{tmp_path}/key"\n{LEAST}'))

    assert config.warnings == (
        f"agent.toml line 2, node.key_file: others may read '{tmp_path}/key'; run chmod 600 on it.",
    )


def test_warns_of_a_key_in_a_file_that_others_may_read(write):
    path = write(f'[node]\nkey = "abc.def"\n{LEAST}')
    os.chmod(path, 0o644)
    warned = load(path).warnings
    os.chmod(path, 0o600)

    assert warned == (
        f"agent.toml line 2, node.key: others may read '{path}'; run chmod 600 on it.",
    )
    assert load(path).warnings == ()


@pytest.mark.parametrize("content", [b"", b"two\nlines", b"caf\xc3\xa9", b"x" * 2000])
def test_refuses_a_key_file_without_a_key(write, tmp_path, content):
    (tmp_path / "key").write_bytes(content)

    found = complaints(write(f'[node]\nkey_file = "{tmp_path}/key"\n{LEAST}'))

    assert found[0].startswith("agent.toml line 2, node.key_file: ")
    assert "xxx" not in found[0]


def test_refuses_two_keys(write, tmp_path):
    (tmp_path / "key").write_text("abc.def")

    found = complaints(write(f'[node]\nkey = "a.b"\nkey_file = "{tmp_path}/key"\n{LEAST}'))

    assert found == ["agent.toml line 3, node.key_file: stands beside node.key; give one of them."]


def test_a_root_that_is_gone_is_a_warning_for_the_others_are_still_to_be_watched(write, tmp_path):
    config = load(write(f'[[watch]]\npath = "{tmp_path}/gone"\n{LEAST}'))

    assert config.roots == (f"{tmp_path}/gone", "/etc")
    assert config.warnings[0].startswith("agent.toml line 2, watch.path: ")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xff\xfe", "it is not UTF-8 text"),
        (b"# " + b"x" * 2_000_000, "is larger than 1048576 bytes"),
    ],
)
def test_refuses_a_file_that_is_no_configuration(tmp_path, content, reason):
    (tmp_path / "agent.toml").write_bytes(content)

    assert reason in complaints(str(tmp_path / "agent.toml"))[0]


def test_says_that_a_file_is_missing(tmp_path):
    assert complaints(str(tmp_path / "gone")) == [
        f"{tmp_path}/gone cannot be read: No such file or directory."
    ]


def test_makes_defaults_for_directories(tmp_path):
    config = Config.for_directories([str(tmp_path)], state_dir="/srv/state", key="abc")

    assert (config.roots, config.node.key) == ((str(tmp_path),), "abc")


def test_the_example_is_the_defaults_with_every_key_in_it(tmp_path):
    text = EXAMPLE.read_text()
    path = tmp_path / "agent.toml"
    path.write_text(text)

    config = load(str(path))

    assert config == Config(host=config.host, watch=config.watch, warnings=config.warnings)


def test_the_example_names_every_key(tmp_path):
    text = EXAMPLE.read_text()
    keys = [
        name
        for section in fields(Config)
        if not section.metadata.get("is_internal")
        for name in (
            [key.name for key in fields(section.default)]
            if is_dataclass(section.default)
            else [section.name]
        )
    ]

    assert [key for key in keys if key != "watch" and f"{key} = " not in text] == []
