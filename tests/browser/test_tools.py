"""What a machine lacks and cannot get is said, with the words that mend it."""

import pytest

from tests import provided
from tests.browser import tools


@pytest.fixture(autouse=True)
def _bare_machine(monkeypatch, tmp_path):
    """One with neither a browser nor a package manager, and an empty virtual environment."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(provided, "LOCK_PATH", tmp_path / "lock")
    monkeypatch.setattr(tools, "AXE_PATH", tmp_path / "a" / "node_modules" / "b" / "axe.min.js")


def test_chromium_that_cannot_be_had_is_asked_for():
    with pytest.raises(provided.Missing, match="apt-get install chromium"):
        tools.chromium()


def test_axe_that_cannot_be_had_asks_for_npm():
    with pytest.raises(provided.Missing, match="apt-get install npm"):
        tools.axe_source()
