"""YARA rules over real files, in the real scanning process."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from fim.agent.config.sections import YaraSettings
from fim.agent.enrich.yara import RulesError, Yara, rule_files
from tests.agent.yara_samples import BENIGN, MALICIOUS
from tests.node import ROOT
from tests.patience import PATIENCE_SECONDS

SLOW_RULE = """
rule slow {
    condition:
        for all i in (0..1000000000000) : (uint8(i % 7) < 255)
}
"""


@pytest.fixture(scope="module")
def starter():
    yara = Yara(YaraSettings())
    yield yara
    yara.close()


@pytest.fixture
def yara_of(tmp_path):
    made = []

    def make(rules, **settings):
        path = tmp_path / "own.yar"
        path.write_text(rules)
        made.append(Yara(YaraSettings(rules=(str(path),), **settings)))
        return made[-1]

    yield make
    for yara in made:
        yara.close()


def scan_text(yara, directory, text):
    path = directory / "file"
    path.write_text(text)
    return yara.scan(str(path))


@pytest.mark.parametrize("name", MALICIOUS)
def test_finds(starter, tmp_path, name):
    text, rule = MALICIOUS[name]

    assert rule in scan_text(starter, tmp_path, text).rules


def test_every_starter_rule_has_a_sample():
    text = Path(rule_files(["starter"])[0]).read_text()

    assert {rule for _, rule in MALICIOUS.values()} == set(re.findall(r"^rule (\w+)", text, re.M))


@pytest.mark.parametrize("name", BENIGN)
def test_leaves_honest_work_alone(starter, tmp_path, name):
    assert scan_text(starter, tmp_path, BENIGN[name]).rules == ()


def test_starter_rules_are_quiet_on_the_standard_library(starter):
    directory = os.path.dirname(os.__file__)
    names = [name for name in sorted(os.listdir(directory)) if name.endswith(".py")]

    found = {name: starter.scan(os.path.join(directory, name)).rules for name in names}

    assert len(found) > 100
    assert {name: rules for name, rules in found.items() if rules} == {}


def test_starter_rules_are_quiet_on_themselves(starter):
    assert starter.scan(rule_files(["starter"])[0]).rules == ()


def test_names_file_and_line_of_each_broken_rule(tmp_path):
    (tmp_path / "a.yar").write_text("rule fine { condition: true }\nrule bad { condition: $x }")
    (tmp_path / "b.yara").write_text("rule worse {\n")
    (tmp_path / "notes.txt").write_text("no rule")

    with pytest.raises(RulesError) as caught:
        Yara(YaraSettings(rules=(str(tmp_path),)))

    first, second = str(caught.value).splitlines()
    assert first.startswith(f"{tmp_path}/a.yar line 2: unknown pattern `$x`")
    assert second.startswith(f"{tmp_path}/b.yara line ")


def test_takes_rules_of_one_name_from_two_files(tmp_path):
    for name in ("a.yar", "b.yar"):
        (tmp_path / name).write_text("rule same { condition: filesize > 0 }")
    yara = Yara(YaraSettings(rules=(str(tmp_path),)))

    scan = yara.scan(str(tmp_path / "a.yar"))

    yara.close()
    assert scan.rules == ("same",)


def test_gives_rules_the_name_of_the_file(yara_of, tmp_path):
    yara = yara_of('rule named { condition: filename == "file" and filepath endswith "/file" }')

    assert scan_text(yara, tmp_path, "x").rules == ("named",)


def test_reads_the_two_ends_of_a_file_above_the_limit(yara_of, tmp_path):
    yara = yara_of('rule r { strings: $a = "needle" condition: $a }', max_bytes=4096)
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.seek(1 << 30)
        file.write(b"needle")

    scan = yara.scan(str(path))

    assert scan.rules == ("r",)
    assert scan.note == "first and last 2048 of 1073741830 bytes"


def test_gives_up_a_file_that_takes_too_long(yara_of, tmp_path):
    yara = yara_of(SLOW_RULE, timeout_seconds=1)

    scan = scan_text(yara, tmp_path, "harmless" * 8)

    assert scan.problem == "timeout"


def test_files_that_keep_scans_busy_do_not_keep_others_from_being_scanned(tmp_path, monkeypatch):
    """With the starter rules this file takes all the time there is."""
    monkeypatch.setattr("fim.agent.enrich.yara.MAX_TIMEOUTS", 2)
    busy, shell = tmp_path / "busy", tmp_path / "shell"
    busy.write_bytes(b"<?php " + b"$_GET[" * 2_700_000)
    shell.write_text(MALICIOUS["php-eval-post"][0])
    yara = Yara(YaraSettings(timeout_seconds=1))

    problems = [yara.scan(str(busy)).problem for _ in range(2)]
    hurried, found = yara.scan(str(busy)), yara.scan(str(shell))
    yara.close()

    assert problems == ["timeout", "timeout"]
    assert hurried.note.startswith("first and last 32768 of ")
    assert found.rules == ("php_shell_evaluates_request",)


def test_rules_that_never_end_are_given_up_for_a_minute(yara_of, tmp_path, monkeypatch):
    monkeypatch.setattr("fim.agent.enrich.yara.MAX_TIMEOUTS", 1)
    yara = yara_of(SLOW_RULE, timeout_seconds=1)

    problems = [scan_text(yara, tmp_path, "harmless" * 8).problem for _ in range(3)]

    assert problems == ["timeout", "timeout", "skipped"]


def test_scans_again_after_its_process_was_killed(starter, tmp_path):
    text, rule = MALICIOUS["php-eval-post"]
    scan_text(starter, tmp_path, text)
    child = next(p for p in psutil.Process().children() if "yara_child.py" in " ".join(p.cmdline()))

    child.send_signal(signal.SIGKILL)
    child.wait(PATIENCE_SECONDS)

    assert scan_text(starter, tmp_path, text).rules == (rule,)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to give up")
def test_scans_with_no_rights_of_its_own(starter, tmp_path):
    path = tmp_path / "private"
    path.write_text(MALICIOUS["php-eval-post"][0])
    path.chmod(0o600)

    scan = starter.scan(str(path))

    child = next(p for p in psutil.Process().children() if "yara_child.py" in " ".join(p.cmdline()))
    assert scan.rules == ("php_shell_evaluates_request",)
    assert child.uids() == (65534, 65534, 65534)


@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("setpriv"), reason="needs root and setpriv"
)
def test_a_service_that_may_not_become_nobody_scans_without_capabilities(tmp_path):
    path = tmp_path / "private"
    path.write_text(MALICIOUS["php-eval-post"][0])
    path.chmod(0o600)
    code = (
        "import psutil; from fim.agent.enrich.yara import Yara;"
        "from fim.agent.config.sections import YaraSettings;"
        f"yara = Yara(YaraSettings()); print(yara.scan('{path}').rules);"
        "child = psutil.Process().children()[0]; print(child.uids().effective,"
        " [line for line in open(f'/proc/{child.pid}/status') if line.startswith('CapEff')])"
    )
    command = ["setpriv", "--bounding-set=-setuid,-setgid", sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_SECONDS
    )

    rules, rights = done.stdout.splitlines()
    assert "php_shell_evaluates_request" in rules
    assert rights == "0 ['CapEff:\\t0000000000000000\\n']"


def test_finds_nothing_where_there_is_no_file(starter, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to("/etc/passwd")

    for name in ("gone", "fifo", "link", ""):
        assert starter.scan(str(tmp_path / name)).problem == "unread"
