"""fim.W004: PostgreSQL without pg_trgm still answers searches, and says that they are slow."""

import pytest
from django.core.checks import run_checks

from fim.store.dialect import dialect

pytestmark = pytest.mark.django_db


def found():
    return [message.id for message in run_checks(databases=["default"])]


def test_says_what_the_database_under_test_has():
    assert ("fim.W004" in found()) == (not dialect.has_search_index())


def test_says_so_without_the_index(monkeypatch):
    monkeypatch.setattr("fim.checks.dialect.has_search_index", lambda: False)

    assert "fim.W004" in found()


def test_says_nothing_of_a_database_that_was_not_asked_for(monkeypatch):
    monkeypatch.setattr("fim.checks.dialect.has_search_index", lambda: False)

    assert "fim.W004" not in [message.id for message in run_checks()]
