"""The system checks tell an operator of a file and a secret that will not do."""

import pytest
from django.core.checks import run_checks


def ids():
    return {message.id for message in run_checks()} & {"fim.W002", "fim.W003"}


def test_a_good_configuration_and_secret_are_silent(settings, tmp_path):
    (tmp_path / "osquery.json").write_text("{}")
    settings.OSQUERY_CONFIG_PATH = str(tmp_path / "osquery.json")
    settings.OSQUERY_ENROLL_SECRET = "s" * 16

    assert ids() == set()


def test_no_configuration_and_no_secret_are_silent():
    assert ids() == set()


@pytest.mark.parametrize("text", ["", "[]", "{"])
def test_a_broken_configuration_is_told(settings, tmp_path, text):
    (tmp_path / "osquery.json").write_text(text)
    settings.OSQUERY_CONFIG_PATH = str(tmp_path / "osquery.json")

    assert ids() == {"fim.W002"}


def test_a_short_secret_is_told(settings):
    settings.OSQUERY_ENROLL_SECRET = "s" * 15

    assert ids() == {"fim.W003"}
