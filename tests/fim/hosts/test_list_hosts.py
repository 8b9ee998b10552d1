"""GET /api/hosts/: who is alive, late, silent, and of whom nothing can be said."""

from datetime import timedelta
from urllib.parse import quote

import pytest
import time_machine

from fim.models.hosts import Host
from tests.factories import NOON, make_host
from threats.models import Event
from users.models import AuditEntry

pytestmark = pytest.mark.django_db

URL = "/api/hosts/"


@pytest.fixture(autouse=True)
def _at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


def heard(name, *, seconds_ago, **fields):
    return make_host(name, received_at=NOON - timedelta(seconds=seconds_ago), **fields)


@pytest.fixture
def fleet():
    heard("alive-1", seconds_ago=134)
    heard("late-1", seconds_ago=135)
    heard("late-2", seconds_ago=314)
    heard("silent-1", seconds_ago=315)
    Host.objects.create(name="unknown-1")


def names(client, query=""):
    return [host["name"] for host in client.get(URL + query).json()["results"]]


def test_shows_what_the_agent_said(analyst_client):
    host = heard(
        "web-1",
        seconds_ago=10,
        version="0.1.0",
        blind_since=NOON - timedelta(hours=1),
        blind_roots=["/srv"],
        dropped=[{"first_seq": 1, "last_seq": 20, "count": 12}],
    )

    shown = analyst_client.get(URL).json()["results"][0]

    assert (shown["name"], shown["state"], shown["version"]) == (host.name, "alive", "0.1.0")
    assert shown["last_seen_at"] == "2026-03-14T11:59:50Z"
    assert (shown["is_blind"], shown["blind_roots"]) == (True, ["/srv"])
    assert shown["blind_since"] == "2026-03-14T11:00:00Z"
    assert shown["dropped"] == {
        "count": 12,
        "ranges": [{"first_seq": 1, "last_seq": 20, "count": 12}],
    }


@pytest.mark.usefixtures("fleet")
def test_tells_the_state_by_the_clock_alone(analyst_client):
    results = analyst_client.get(URL).json()["results"]

    assert [(host["name"], host["state"]) for host in results] == [
        ("alive-1", "alive"),
        ("late-1", "late"),
        ("late-2", "late"),
        ("silent-1", "silent"),
        ("unknown-1", "unknown"),
    ]


def test_an_agent_that_comes_seldom_has_more_time(analyst_client):
    heard("web-1", seconds_ago=3_600, every_seconds=1_800)

    assert analyst_client.get(URL).json()["results"][0]["state"] == "alive"


@pytest.mark.usefixtures("fleet")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?state=late", ["late-1", "late-2"]),
        ("?state=silent&state=unknown", ["silent-1", "unknown-1"]),
        ("?search=LATE", ["late-1", "late-2"]),
        ("?state=alive&search=late", []),
        ("?name=late-2", ["late-2"]),
        ("?page_size=2&page=2", ["late-2", "silent-1"]),
    ],
)
def test_filters_and_pages(analyst_client, query, found):
    assert names(analyst_client, query) == found


@pytest.mark.parametrize("query", ["?state=dead", "?search=%00", "?page=x", "?search=" + "x" * 256])
def test_refuses_a_bad_parameter(analyst_client, query):
    assert analyst_client.get(URL + query).status_code == 400


@pytest.mark.usefixtures("fleet")
def test_costs_the_same_for_many_hosts(analyst_client, django_assert_num_queries):
    for number in range(20):
        heard(f"web-{number}", seconds_ago=number)

    # Their number, the hosts, what they dropped.
    with django_assert_num_queries(3):
        analyst_client.get(URL + "?page_size=100")


@pytest.mark.usefixtures("fleet")
def test_counts_each_state_in_one_query(django_assert_num_queries):
    with django_assert_num_queries(1):
        counts = Host.objects.count_states(NOON)

    assert counts == {"alive": 1, "late": 2, "silent": 1, "unknown": 1}
    for state in ("alive", "late", "silent"):
        assert getattr(Host.objects, state)(NOON).count() == counts[state]
    assert Host.objects.unknown().count() == 1


ODD_NAMES = ["a/b", "a/", "/a", "web 1", "100%", "a?b#c", "ä.example", "a\nb", "a;b", "a%2Fb"]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_finds_a_host_whatever_its_name(analyst_client, name):
    make_host(name)

    answer = analyst_client.get(f"{URL}{quote(name, safe='')}/")

    assert (answer.status_code, answer.json()["name"]) == (200, name)


@pytest.mark.parametrize("name", ["heartbeat", "..", " web", *ODD_NAMES])
def test_finds_what_no_path_can_hold_by_a_parameter(analyst_client, name):
    make_host(name)
    make_host("web-1")

    assert names(analyst_client, f"?name={quote(name, safe='')}") == [name]


@pytest.mark.parametrize("name", ["web-9", "x" * 3_000, "%00", "%ed%a0%80"])
def test_there_is_no_such_host(analyst_client, name):
    answer = analyst_client.get(f"{URL}{name}/")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", [URL, URL + "web-1/"])
def test_people_alone_may_look(path, anonymous_client, agent_client, analyst_client):
    make_host("web-1")

    assert anonymous_client.get(path).status_code == 401
    assert agent_client.get(path).status_code == 403
    assert analyst_client.get(path).status_code == 200


def test_nobody_writes_hosts(admin_client):
    make_host("web-1")

    assert admin_client.post(URL, {}).status_code == 405
    assert admin_client.put(URL + "web-1/", {}).status_code == 405


def test_an_admin_forgets_a_host_that_is_no_more(admin_client):
    make_host("web-1", dropped=[{"first_seq": 1, "last_seq": 2, "count": 2}])
    make_host("web-2")

    assert admin_client.delete(URL + "web-1/").status_code == 204

    assert names(admin_client) == ["web-2"]
    assert Event.objects.filter(source_name="web-1").exists()
    entry = AuditEntry.objects.get()
    assert (entry.person, entry.action, entry.kind, entry.name) == (
        "alma",
        "deleted",
        "host",
        "web-1",
    )
    assert admin_client.delete(URL + "web-1/").status_code == 404


def test_an_analyst_forgets_none(analyst_client):
    make_host("web-1")

    assert analyst_client.delete(URL + "web-1/").status_code == 403
    assert names(analyst_client) == ["web-1"]
