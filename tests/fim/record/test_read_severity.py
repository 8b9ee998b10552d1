"""A category and a rule, read from the agent's own severity text."""

import pytest

from tests.factories import new_log


@pytest.mark.parametrize(
    ("severity", "category", "rule"),
    [
        ("[MALWARE] PHP_Webshell_Payload", "malware", "PHP_Webshell_Payload"),
        ("[MALWARE]", "malware", ""),
        ("[BAHAYA]", "danger", ""),
        ("[KEGIATAN MENCURIGAKAN]", "suspicious", ""),
        ("Normal", "normal", ""),
        ("[Normal]", "normal", ""),
        (" [bahaya]  Shadow file ", "danger", "Shadow file"),
        ("malware", "malware", ""),
        ("Bahaya", "danger", ""),
        ("critical", "danger", ""),
        ("HIGH", "danger", ""),
        ("Mencurigakan", "suspicious", ""),
        ("medium", "suspicious", ""),
        ("low", "normal", ""),
    ],
)
def test_reads_category_and_rule(severity, category, rule):
    log = new_log(severity=severity)

    assert (log.category, log.rule) == (category, rule)


@pytest.mark.parametrize("severity", ["", "[MALWARE", "no malware", "7", "🔥", "[ROOTKIT] x"])
def test_takes_an_unknown_text_as_normal(severity):
    log = new_log(severity=severity)

    assert (log.category, log.rule) == ("normal", "")


def test_keeps_the_text_as_sent():
    assert new_log(severity=" [MALWARE] X ").severity == " [MALWARE] X "


def test_believes_the_category_sent_before_the_text():
    log = new_log(category="suspicious", severity="[MALWARE] X")

    assert (log.category, log.rule) == ("suspicious", "X")


def test_believes_the_rule_sent_before_the_text():
    assert new_log(rule="yara:X", severity="[MALWARE] Y").rule == "yara:X"
