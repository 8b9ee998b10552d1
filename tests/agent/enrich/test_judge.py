"""How bad a change looks: names, places, rights, hours, and what is allowed."""

from datetime import UTC, datetime

import pytest

from fim.agent.changes.difference import Difference
from fim.agent.changes.facts import Facts, read_facts
from fim.agent.config.sections import JudgeSettings, YaraSettings
from fim.agent.config.working_hours import read_shift
from fim.agent.enrich.judge import Judge, has_web_shell_name
from fim.agent.enrich.yara import Yara
from tests.agent.yara_samples import MALICIOUS

FILE = Facts(kind="file", mode="0644", size_bytes=9)
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC).timestamp()
NIGHT = datetime(2026, 3, 4, 23, tzinfo=UTC).timestamp()
OFFICE = JudgeSettings(working_hours=(read_shift("mon-fri 08:00-18:00"),), timezone="UTC")


@pytest.fixture(scope="module")
def starter():
    yara = Yara(YaraSettings())
    yield yara
    yara.close()


def judged(path, *, judge=None, action="modified", before=FILE, after=FILE, **others):
    log = {}
    difference = Difference(action=action, path=path, before=before, after=after, **others)
    (judge or Judge(JudgeSettings())).enrich(log, difference)
    return log


def verdict(path, **options):
    log = judged(path, **options)
    return log["category"], log.get("rule", "")


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
    assert verdict(f"/srv/www/{name}") == ("malware", "web-shell-name")


@pytest.mark.parametrize(
    "path", ["/srv/www/index.php", "/srv/shell/index.php", "/bin/shell.py", "/srv/wsoap.php", ""]
)
def test_leaves_other_names_unjudged(path):
    assert not has_web_shell_name(path)


def test_judges_a_web_shell_that_was_renamed():
    assert verdict("/srv/index.php", path_from="/srv/c99.php")[0] == "malware"


def test_judges_no_directory_by_its_name():
    directory = Facts(kind="directory", mode="0755")

    assert verdict("/srv/shell.php", before=None, after=directory) == ("normal", "")


def test_an_ordinary_change_is_normal():
    assert judged("/srv/www/index.html") == {"category": "normal", "attributes": {}}


@pytest.mark.parametrize(
    "path", ["/etc/shadow", "/etc/sudoers.d/ops", "/home/a/.ssh/authorized_keys"]
)
def test_a_change_of_a_critical_path_is_danger(path):
    assert verdict(path) == ("danger", "critical-path")


def test_moving_a_critical_file_away_is_danger():
    assert verdict("/tmp/x", action="moved", path_from="/etc/shadow") == ("danger", "critical-path")


def test_deleting_a_critical_file_is_danger():
    assert verdict("/etc/passwd", action="deleted", after=None)[0] == "danger"


def test_a_critical_extension_is_danger():
    judge = Judge(JudgeSettings(critical_extensions=("ko", "tar.gz")))

    assert verdict("/lib/rootkit.KO", judge=judge) == ("danger", "critical-extension")
    assert verdict("/lib/a.tar.gz", judge=judge) == ("danger", "critical-extension")
    assert verdict("/lib/ko", judge=judge) == ("normal", "")


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        (FILE, Facts(kind="file", mode="4755"), "setuid-gained"),
        (None, Facts(kind="file", mode="4755"), "setuid-gained"),
        (FILE, Facts(kind="file", mode="2755"), "setgid-gained"),
        (
            FILE,
            Facts(kind="file", mode="0755", xattrs="security.capability=ab"),
            "capability-gained",
        ),
    ],
)
def test_a_gained_right_is_danger(before, after, rule):
    found = verdict("/usr/bin/x", action="attributes", before=before, after=after)

    assert found == ("danger", rule)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Facts(kind="file", mode="4755"), Facts(kind="file", mode="4755")),
        (Facts(kind="file", mode="4755"), FILE),
        (FILE, Facts(kind="file", mode="2644")),
        (Facts(kind="directory", mode="0755"), Facts(kind="directory", mode="2755")),
    ],
)
def test_a_right_that_nobody_gained_is_normal(before, after):
    assert verdict("/usr/bin/x", action="attributes", before=before, after=after)[0] == "normal"


def test_a_change_outside_working_hours_is_suspicious():
    judge = Judge(OFFICE)

    assert verdict("/srv/a", judge=judge, last_at=NIGHT) == ("suspicious", "outside-working-hours")
    assert verdict("/srv/a", judge=judge, last_at=NOON)[0] == "normal"


def test_a_change_that_a_scan_found_is_judged_by_when_it_was_made():
    at_night = Facts(kind="file", mode="0644", ctime_ns=int(NIGHT * 1e9))
    judge = Judge(OFFICE)

    assert verdict("/srv/a", judge=judge, after=at_night, from_scan=True, last_at=NOON) == (
        "suspicious",
        "outside-working-hours",
    )
    gone = {"action": "deleted", "after": None, "from_scan": True, "last_at": NIGHT}
    assert verdict("/srv/a", judge=judge, **gone)[0] == "normal"


def test_the_worst_finding_gives_the_category_and_all_are_told():
    log = judged("/etc/sudoers.d/shell.php", judge=Judge(OFFICE), last_at=NIGHT)

    assert (log["category"], log["rule"]) == ("malware", "web-shell-name")
    assert log["attributes"]["findings"] == [
        "web-shell-name",
        "critical-path: /etc/sudoers.d/",
        "outside-working-hours",
    ]


def test_an_allowed_path_stays_normal_and_is_counted():
    judge = Judge(OFFICE, allow=("/etc/sudoers.d/deploy",))

    log = judged("/etc/sudoers.d/deploy", judge=judge, last_at=NIGHT)

    assert log["category"] == "normal"
    assert log["attributes"] == {"allowed_by": "/etc/sudoers.d/deploy"}
    assert judge.allowed_count == 1


def test_a_move_into_an_allowed_place_is_judged_by_where_it_came_from():
    judge = Judge(JudgeSettings(), allow=("/tmp/",))

    assert verdict("/tmp/x", judge=judge, path_from="/etc/shadow")[0] == "danger"


@pytest.mark.parametrize("name", ["php-eval-post", "shell-netcat"])
def test_what_yara_finds_is_malware(starter, tmp_path, name):
    text, rule = MALICIOUS[name]
    path = tmp_path / "page"
    path.write_text(text)
    judge = Judge(JudgeSettings(), yara=starter)

    found = verdict(str(path), judge=judge, after=read_facts(str(path)), place=str(path))

    assert found == ("malware", rule)


def test_a_file_that_vanished_before_its_scan_is_no_trouble(starter, tmp_path):
    judge = Judge(JudgeSettings(), yara=starter)

    log = judged("/srv/a", judge=judge, place=str(tmp_path / "gone"))

    assert (log["category"], log["attributes"]) == ("normal", {"yara": "unread"})


def test_a_file_that_no_rule_can_judge_in_time_is_suspicious(tmp_path):
    (tmp_path / "slow.yar").write_text(
        "rule slow { condition: for all i in (0..1000000000000) : (uint8(i % 7) < 255) }"
    )
    (tmp_path / "file").write_text("harmless " * 9)
    settings = YaraSettings(rules=(str(tmp_path / "slow.yar"),), timeout_seconds=1)
    yara = Yara(settings)

    found = verdict("/srv/a", judge=Judge(JudgeSettings(), yara=yara), place=str(tmp_path / "file"))

    yara.close()
    assert found == ("suspicious", "yara-timeout")


def test_many_rules_fit_the_rule_of_a_log(tmp_path):
    names = [f"rule_number_{number:03}" for number in range(60)]
    rules = tmp_path / "many.yar"
    rules.write_text("\n".join(f"rule {name} {{ condition: true }}" for name in names))
    yara = Yara(YaraSettings(rules=(str(rules),)))

    log = judged("/srv/a", judge=Judge(JudgeSettings(), yara=yara), place=str(rules))

    yara.close()
    assert len(log["rule"]) == 255
    assert log["attributes"]["findings"] == names
