"""GET /api/incron/control/: is the host's incron file watcher active?"""

import os
import time
from datetime import timedelta

import pytest
import time_machine

from fim.hosts import incron
from tests.factories import NOON, make_host

pytestmark = pytest.mark.django_db

URL = "/api/incron/control/"


@pytest.fixture
def status_file(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(incron, "PROCESS_NAME", "no-such-incrond")
    settings.INCRON_STATUS_PATH = str(tmp_path / "incron.status")
    settings.INCRON_STATUS_MAX_AGE_SECONDS = 120
    return tmp_path / "incron.status"


@pytest.mark.parametrize(("word", "is_running"), [("running", True), ("stopped", False)])
def test_believes_a_fresh_status_file(analyst_client, status_file, word, is_running):
    status_file.write_text(word)

    answer = analyst_client.get(URL).json()

    assert answer.keys() == {"is_running", "source", "detail", "status_age_seconds", "agent"}
    assert (answer["is_running"], answer["source"]) == (is_running, "status_file")
    assert answer["detail"].startswith(f"The status file said {word} ")


@pytest.mark.usefixtures("status_file")
def test_asks_the_process_list_where_there_is_no_file(analyst_client):
    assert analyst_client.get(URL).json() == {
        "is_running": False,
        "source": "process_list",
        "detail": "The process list shows no no-such-incrond; the status file does not exist.",
        "status_age_seconds": None,
        "agent": None,
    }


def test_does_not_believe_an_old_file(analyst_client, status_file):
    status_file.write_text("running")
    old = time.time() - 1000
    os.utime(status_file, (old, old))

    answer = analyst_client.get(URL).json()

    assert (answer["is_running"], answer["source"]) == (False, "process_list")
    assert answer["status_age_seconds"] >= 1000


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"running" * 1000, b"\x00", b"maybe"])
def test_answers_whatever_the_file_holds(analyst_client, status_file, content):
    status_file.write_bytes(content)

    answer = analyst_client.get(URL)

    assert (answer.status_code, answer.json()["source"]) == (200, "process_list")


@pytest.mark.parametrize("path", ["", "\x00", "/", "x" * 5000])
def test_answers_whatever_the_path_is(analyst_client, status_file, settings, path):
    settings.INCRON_STATUS_PATH = path

    assert analyst_client.get(URL).json()["source"] == "process_list"


def test_asks_who_reads(anonymous_client, agent_client):
    assert anonymous_client.get(URL).status_code == 401
    assert agent_client.get(URL).status_code == 403


def test_takes_no_post(admin_client):
    assert admin_client.post(URL).status_code == 405


@pytest.mark.usefixtures("status_file")
def test_tells_of_pickets_own_agent_on_the_same_host(analyst_client, settings):
    make_host(settings.NODE_NAME, version="0.1.0", blind_since=NOON, blind_roots=["/srv"])
    make_host("web-1")

    with time_machine.travel(NOON + timedelta(seconds=200)):
        answer = analyst_client.get(URL).json()

    assert answer["is_running"] is False
    assert answer["agent"] == {
        "host": settings.NODE_NAME,
        "state": "late",
        "last_seen_at": "2026-03-14T12:00:00Z",
        "version": "0.1.0",
        "is_blind": True,
        "blind_since": "2026-03-14T12:00:00Z",
    }


def test_the_dhimp_platform_is_answered_as_before(analyst_client, status_file):
    status_file.write_text("running")

    answer = analyst_client.get(f"/dhimp{URL}").json()

    assert answer.keys() == {"is_running", "source", "detail", "status_age_seconds"}
