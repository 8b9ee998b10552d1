"""Hosts in the console: for both roles to see, for admins to forget."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fim.models.hosts import Host
from fim.store.write import store_logs
from tests.clients import console_of
from tests.factories import NOON, make_event, make_host, make_log, new_log
from users.models import AuditEntry

pytestmark = pytest.mark.django_db

LIST = "/admin/fim/host/"


@pytest.fixture(autouse=True)
def _noon(time_machine):
    time_machine.move_to(NOON, tick=False)


@pytest.fixture
def amira(analyst):
    return console_of(analyst)


@pytest.fixture
def alma(admin):
    return console_of(admin)


def page_of(host, name="change"):
    return f"{LIST}{host.pk}/{name}/"


def names_in(answer):
    return [host.name for host in answer.context["cl"].result_list]


def test_lists_hosts_with_their_state(amira):
    make_host("web-1", received_at=NOON)
    make_host("web-2", received_at=NOON - timedelta(days=1))

    page = amira.get(LIST)

    assert names_in(page) == ["web-1", "web-2"]
    text = page.content.decode()
    assert "badge alive" in text and "badge silent" in text


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"state": "alive"}, ["web-1"]),
        ({"state": "silent"}, ["web-2"]),
        ({"state": "blind"}, ["web-3"]),
        ({"q": "WEB-2"}, ["web-2"]),
    ],
)
def test_finds_hosts_by_state_and_name(amira, query, names):
    make_host("web-1", received_at=NOON)
    make_host("web-2", received_at=NOON - timedelta(days=1))
    make_host("web-3", received_at=NOON - timedelta(days=1))
    Host.objects.filter(name="web-3").update(blind_since=NOON, silent_at=NOON + timedelta(days=1))

    assert names_in(amira.get(LIST, query)) == names


@pytest.mark.parametrize("query", ["state=dead", "q=%00", "state=%00", "o=9.x", "p=x"])
def test_answers_odd_queries(amira, query):
    make_host("web-1", received_at=NOON)

    assert amira.get(f"{LIST}?{query}").status_code in (200, 302, 400)


def test_shows_a_host_with_its_newest_logs_and_alerts(amira):
    host = make_host("web-1", received_at=NOON)
    log, _ = make_log(host="web-1"), make_log(host="web-2")
    alert = make_event(severity="HIGH", source_name="web-1").alert
    make_event(severity="HIGH", source_name="web-2")

    page = amira.get(page_of(host))

    assert page.context["logs"] == [log]
    assert page.context["alerts"] == [alert]


@pytest.mark.parametrize("count", [1, 30])
def test_pages_cost_the_same_for_any_number(amira, count):
    hosts = [make_host(f"web-{number}", received_at=NOON) for number in range(count)]
    store_logs([new_log(host="web-0") for _ in range(count)])
    amira.get(page_of(hosts[0]))  # Django looks content types up once a process.

    with CaptureQueriesContext(connection) as of_list:
        amira.get(LIST)
    with CaptureQueriesContext(connection) as of_page:
        amira.get(page_of(hosts[0]))

    # Session, account, count, rows, demo; session, account, host, logs, alerts, ranges, demo.
    assert (len(of_list), len(of_page)) == (5, 7)


def test_an_admin_forgets_a_host_and_its_logs_stay(alma):
    host, _ = make_host("web-9", received_at=NOON), make_log(host="web-9")

    alma.post(page_of(host, "delete"), {"post": "yes"})

    assert not Host.objects.exists()
    assert make_log(host="web-9").pk
    assert AuditEntry.objects.filter(action="deleted", kind="host", name="web-9").exists()


def test_analysts_forget_no_host(amira):
    host = make_host("web-1", received_at=NOON)

    assert amira.post(page_of(host, "delete"), {"post": "yes"}).status_code == 403
    assert "Forget this host" not in amira.get(page_of(host)).content.decode()


@pytest.mark.parametrize("path", ["add/", "{pk}/change/"])
def test_nobody_writes_a_host(alma, path):
    host = make_host("web-1", received_at=NOON)

    assert alma.post(LIST + path.format(pk=host.pk), {"name": "forged"}).status_code == 403


def test_strangers_and_machines_see_none(agent_client):
    assert Client().get(LIST).status_code == 302
    assert agent_client.get(LIST).status_code == 302
