"""POST /api/hosts/heartbeat/: what an agent says of itself is its host's present state."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from rest_framework.test import APIClient

from fim.models.hosts import Host
from tests.factories import NOON, make_host, make_key
from tests.threats.parallel import at_once
from threats.models import Event
from users.models import Scope
from users.sign_in.tokens import RefreshToken

pytestmark = pytest.mark.django_db

URL = "/api/hosts/heartbeat/"
PUBLIC = "203.0.113.7"
HEARTBEAT = {
    "host": "web-1",
    "version": "0.1.0",
    "source": "picket-agent",
    "started_at": "2026-03-14T10:00:00Z",
    "seq": 18_201,
    "watches": 4_711,
    "unwatched": ["/srv/huge"],
    "spool_depth": 3,
    "spool_bytes": 1_024,
    "last_scan_at": "2026-03-14T11:00:00Z",
    "last_scan_seconds": 12.5,
    "lag_seconds": 0.2,
    "overflows": 1,
    "dropped": [{"first_seq": 1, "last_seq": 20, "count": 12}],
    "blind_since": None,
    "blind_roots": [],
    "blind_reason": "",
    "ignored": 900,
    "every_seconds": 30,
}


def post(body, *, client=None, peer="127.0.0.1", query="", **headers):
    client = client or APIClient(raise_request_exception=False)
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(
        URL + query,
        content,
        content_type="application/json",
        REMOTE_ADDR=peer,
        headers=headers,
    )


def host_after(**fields):
    assert post({"host": "web-1"} | fields).status_code == 200
    return Host.objects.get()


def errors_of(answer):
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    return set(answer.json()["fields"])


@time_machine.travel(NOON, tick=False)
def test_answers_host_state_and_moment():
    answer = post(HEARTBEAT)

    assert answer.status_code == 200
    assert answer.json() == {
        "host": "web-1",
        "state": "alive",
        "received_at": "2026-03-14T12:00:00Z",
    }


@time_machine.travel(NOON, tick=False)
def test_keeps_what_the_agent_says():
    post(HEARTBEAT)

    host = Host.objects.get()
    assert (host.name, host.version, host.source) == ("web-1", "0.1.0", "picket-agent")
    assert (host.seq, host.watches, host.unwatched) == (18_201, 4_711, ["/srv/huge"])
    assert (host.spool_depth, host.spool_bytes, host.ignored) == (3, 1_024, 900)
    assert host.started_at == datetime(2026, 3, 14, 10, tzinfo=UTC)
    assert (host.last_scan_seconds, host.lag_seconds, host.overflows) == (12.5, 0.2, 1)
    assert (host.last_seen_at, host.every_seconds) == (NOON, 30)
    assert (host.dropped_count, host.is_blind) == (12, False)


def test_a_repeat_leaves_one_host_and_no_new_event():
    for _ in range(3):
        assert post(HEARTBEAT).status_code == 200

    assert Host.objects.get().dropped_count == 12
    assert Event.objects.count() == 1


def test_what_the_last_heartbeat_leaves_out_is_not_known():
    post(HEARTBEAT)

    host = host_after()

    assert (host.version, host.seq, host.unwatched, host.every_seconds) == ("", None, [], 60)
    assert host.dropped_count == 12


def test_costs_two_statements_where_nothing_happens(django_assert_num_queries):
    make_host(seq=1)

    # Besides, a savepoint and its end: the test holds a transaction.
    with django_assert_num_queries(4):
        make_host(seq=2, received_at=NOON + timedelta(minutes=1))


def test_takes_one_with_a_key_from_anywhere(agent_client):
    answer = post({}, client=agent_client, peer=PUBLIC)

    # The host of the key, since the heartbeat names none.
    assert (answer.status_code, answer.json()["host"]) == (200, "web-7")


def test_a_key_may_name_another_host_as_in_ingest(agent_client):
    assert post({"host": "web-1"}, client=agent_client).json()["host"] == "web-1"


@pytest.mark.parametrize(("query", "host"), [("?host=db-2", "db-2"), ("", "node-under-test")])
def test_one_that_names_no_host_is_of_the_query_or_of_the_node(query, host):
    assert post({"host": ""}, query=query).json()["host"] == host


@pytest.mark.parametrize("name", [" web 1 ", "a/b", "  ", "🌋", "h" * 255])
def test_a_name_is_kept_as_it_is_as_in_logs(name):
    assert post({"host": name}).json()["host"] == name


def test_refuses_one_without_a_key_from_elsewhere():
    answer = post(HEARTBEAT, peer=PUBLIC)

    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert not Host.objects.exists()


def test_refuses_a_key_without_the_scope(sensor_client):
    assert post(HEARTBEAT, client=sensor_client).status_code == 403


def test_refuses_an_unknown_key_even_from_loopback():
    assert post(HEARTBEAT, Authorization="Api-Key wrong.key").status_code == 401


def test_takes_no_persons_token_for_a_key(admin):
    token = RefreshToken.for_user(admin).access_token

    assert post(HEARTBEAT, peer=PUBLIC, Authorization=f"Bearer {token}").status_code == 401


def test_gains_nothing_by_a_forged_header():
    assert post(HEARTBEAT, **{"X-Forwarded-For": "127.0.0.1"}).status_code == 401


@pytest.mark.parametrize("scope", ["key", "ingest"])
def test_lets_nobody_post_beyond_the_limit(settings, scope):
    rates = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] | {scope: "1/hour"}
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"DEFAULT_THROTTLE_RATES": rates}
    _, text = make_key(scopes=[Scope.POST_LOGS])
    headers = {"Authorization": f"Api-Key {text}"} if scope == "key" else {}

    assert [post({}, **headers).status_code for _ in range(2)] == [200, 429]


def test_takes_post_alone():
    assert {APIClient().generic(verb, URL).status_code for verb in ("GET", "PUT")} == {405}


@pytest.mark.parametrize("body", [{}, {"host": None, "seq": None, "dropped": None}, {"new": [1]}])
def test_every_field_may_be_left_out_null_or_unknown(body):
    assert post(body).status_code == 200


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("host", "a\0b"),
        ("host", "\ud800"),
        ("host", "h" * 256),
        ("host", ["web-1"]),
        ("host", 5),
        ("version", "\0"),
        ("version", "v" * 65),
        ("source", {"a": 1}),
        ("seq", -1),
        ("seq", 2**63),
        ("seq", "many"),
        ("seq", True),
        ("watches", 1.5),
        ("spool_bytes", 10**4000),
        ("every_seconds", 0),
        ("every_seconds", 86_401),
        ("last_scan_seconds", -0.1),
        ("lag_seconds", 10**400),
        ("lag_seconds", "soon"),
        ("started_at", "yesterday"),
        ("started_at", "1969-12-31T23:59:59Z"),
        ("last_scan_at", "0001-01-01T00:00:00+14:00"),
        ("blind_since", 5),
        ("blind_roots", "all"),
        ("unwatched", [1]),
        ("dropped", {}),
        ("dropped", [5]),
        ("dropped", [{"first_seq": 5, "last_seq": 4, "count": 1}]),
        ("dropped", [{"first_seq": 1, "last_seq": 2, "count": 3}]),
        ("dropped", [{"first_seq": 1, "last_seq": 2**64, "count": 3}]),
        ("dropped", [{"first_seq": 1, "last_seq": 1, "count": 1}] * 10_001),
        ("dropped", [{"first_seq": 1, "last_seq": 2}]),
        ("dropped", [{"first_seq": True, "last_seq": 2, "count": 1}]),
        ("dropped", [{"first_seq": -1, "last_seq": 2, "count": 1}]),
        ("was_blind", [{"since": "2026-03-14T11:00:00Z"}]),
        ("was_blind", [{"since": "2026-03-14T11:00:00Z", "until": "2026-03-14T10:00:00Z"}]),
    ],
)
def test_names_the_field_that_cannot_be(name, value):
    assert errors_of(post({"host": "web-1"} | {name: value})) == {name}
    assert not Host.objects.exists()


@pytest.mark.parametrize("body", [b"", b"[]", b"5", b"null", b"{", b"\xff", b'{"seq": 1e999}'])
def test_answers_whatever_the_body_is(body):
    assert post(body).status_code in (200, 400)


def test_refuses_a_body_over_the_limit(settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000

    answer = post({"unwatched": ["/x" * 600]})

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def test_refuses_a_host_in_the_query_that_is_none():
    assert errors_of(post({}, query="?host=a%00b")) == {"host"}


def test_a_reason_for_blindness_that_is_not_known_counts_as_none():
    post({"host": "web-1", "blind_since": "2026-03-14T10:00:00Z", "blind_reason": "moonlight"})

    assert Host.objects.get().blind_reason == ""


def test_a_time_of_blindness_that_is_over_becomes_an_event():
    span = {"since": "2026-03-14T10:00:00Z", "until": "2026-03-14T10:05:00Z", "reason": "node"}

    post({"host": "web-1", "was_blind": [span]})

    assert Event.objects.get().event_type == "host.was_blind"


def test_shows_odd_bytes_of_a_path_and_keeps_the_first_hundred():
    host = host_after(unwatched=["/srv/caf\udce9\0", *map(str, range(500))])

    assert host.unwatched[:2] == [r"/srv/caf\xe9\x00", "0"]
    assert len(host.unwatched) == 100


@time_machine.travel(NOON, tick=False)
def test_a_moment_ahead_of_the_nodes_clock_counts_as_now():
    assert host_after(started_at="2199-01-01T00:00:00Z").started_at == NOON


def test_a_moment_without_a_zone_is_in_utc(settings):
    settings.TIME_ZONE = "Asia/Jakarta"

    host = host_after(last_scan_at="2026-03-14T11:00:00")

    assert host.last_scan_at == datetime(2026, 3, 14, 11, tzinfo=UTC)


def test_one_that_a_later_one_overtook_changes_nothing_but_when_it_was_seen():
    make_host(started_at=NOON, seq=9, spool_depth=0)

    host = make_host(started_at=NOON, seq=8, spool_depth=5, received_at=NOON + timedelta(seconds=1))

    assert (host.seq, host.spool_depth) == (9, 0)
    assert host.last_seen_at == NOON + timedelta(seconds=1)


def test_a_new_run_of_the_agent_may_begin_to_count_anew():
    make_host(started_at=NOON, seq=9)

    assert make_host(started_at=NOON + timedelta(hours=1), seq=0).seq == 0


def test_an_earlier_moment_never_turns_the_clock_back():
    make_host(received_at=NOON)

    host = make_host(received_at=NOON - timedelta(seconds=5))

    assert (host.last_seen_at, host.late_at) == (NOON, NOON + timedelta(seconds=135))


def test_a_moment_of_a_clock_that_was_far_ahead_does_not_hold_for_ever():
    make_host(received_at=NOON + timedelta(days=365))

    assert make_host(received_at=NOON).last_seen_at == NOON


@pytest.mark.django_db(transaction=True)
def test_first_heartbeats_at_once_make_one_host():
    body = HEARTBEAT | {"blind_since": "2026-03-14T11:00:00Z"}

    statuses = at_once(*[lambda: post(body).status_code] * 10)

    assert statuses == [200] * 10
    assert Host.objects.get().dropped_count == 12
    assert sorted(Event.objects.values_list("event_type", "count")) == [
        ("host.blind", 1),
        ("host.dropped_logs", 1),
    ]
