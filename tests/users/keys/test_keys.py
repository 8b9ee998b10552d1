"""Keys of machines: what opens with which, and what does not."""

import logging
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from tests.factories import ALMA, event_json, log_json, make_event, make_key
from users.keys.services import InvalidKey, create_key
from users.models import Key, Scope

pytestmark = pytest.mark.django_db

BOTH = (Scope.POST_EVENTS, Scope.POST_LOGS)
POSTS = [("/api/events/", event_json()), ("/api/ingest/fim/", log_json())]
REFUSED = {
    "code": "key_not_valid",
    "detail": "This key is unknown, revoked or expired.",
    "fields": {},
}


def with_key(text, scheme="Api-Key"):
    return APIClient(HTTP_AUTHORIZATION=f"{scheme} {text}")


@pytest.mark.parametrize(("path", "body"), POSTS)
def test_posts_with_its_scope(path, body):
    _, text = make_key(scopes=BOTH)

    assert with_key(text).post(path, body).status_code == 201


def test_the_scheme_is_read_in_any_case():
    _, text = make_key()

    assert with_key(text, "api-KEY").post("/api/events/", event_json()).status_code == 201


def test_refuses_events_without_their_scope(agent_client):
    answer = agent_client.post("/api/events/", event_json())

    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


def test_refuses_logs_without_their_scope_even_from_loopback(sensor_client):
    answer = sensor_client.post("/api/ingest/fim/", log_json(), REMOTE_ADDR="127.0.0.1")

    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


def test_posts_logs_from_anywhere(agent_client):
    answer = agent_client.post("/api/ingest/fim/", log_json(), REMOTE_ADDR="203.0.113.9")

    assert answer.status_code == 201


@pytest.mark.parametrize(
    "path",
    [
        *("/api/events/", "/api/alerts/", "/api/logs/", "/api/logs/analytics/", "/api/logs/today/"),
        *("/api/users/me/", "/api/check-auth/", "/api/incron/control/", "/dhimp/api/logs/"),
    ],
)
def test_a_key_reads_nothing(path):
    _, text = make_key(scopes=BOTH)

    assert with_key(text).get(path).status_code == 403


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_a_key_changes_no_event(sensor_client, method):
    event = make_event()

    answer = getattr(sensor_client, method)(f"/api/events/{event.pk}/", {"severity": "LOW"})

    assert answer.status_code == 403


@pytest.mark.parametrize(("path", "body"), POSTS)
def test_refuses_a_revoked_key(path, body):
    key, text = make_key(scopes=BOTH)
    Key.objects.filter(pk=key.pk).update(revoked=True)

    answer = with_key(text).post(path, body)

    assert (answer.status_code, answer.json()) == (401, REFUSED)


@pytest.mark.parametrize(("path", "body"), POSTS)
def test_refuses_an_expired_key(path, body):
    key, text = make_key(scopes=BOTH)
    Key.objects.filter(pk=key.pk).update(expiry_date=timezone.now() - timedelta(seconds=1))

    answer = with_key(text).post(path, body)

    assert (answer.status_code, answer.json()) == (401, REFUSED)


def test_takes_a_key_before_it_expires():
    _, text = make_key(expires_at=timezone.now() + timedelta(minutes=1))

    assert with_key(text).post("/api/events/", event_json()).status_code == 201


@pytest.mark.parametrize(
    "text",
    [
        "x",
        ".",
        "a.b",
        "",
        " ",
        "\x00",
        "a\x00.b",
        "\xff\xfe",
        "a b c",
        "x" * 100_000,
        "' OR 1=1 --",
    ],
    ids=lambda text: repr(text[:12]),
)
@pytest.mark.parametrize(("path", "body"), POSTS)
def test_refuses_garbage(path, body, text):
    answer = with_key(text).post(path, body)

    assert (answer.status_code, answer.json()) == (401, REFUSED)


@pytest.mark.parametrize(("path", "body"), POSTS)
def test_refuses_the_scheme_alone(path, body):
    answer = APIClient(HTTP_AUTHORIZATION="Api-Key").post(path, body)

    assert (answer.status_code, answer.json()) == (401, REFUSED)


def test_refuses_the_right_prefix_with_another_secret():
    _, text = make_key()

    answer = with_key(text[:-1] + ("a" if text[-1] != "a" else "b")).post("/api/events/", {})

    assert answer.status_code == 401


def test_refuses_what_the_database_keeps():
    key, _ = make_key()

    for kept in (key.pk, key.prefix, key.hashed_key, f"{key.prefix}.{key.hashed_key}"):
        assert with_key(kept).post("/api/events/", event_json()).status_code == 401


def test_is_stored_hashed():
    _, text = make_key()

    secret = text.partition(".")[2]
    assert secret not in str(Key.objects.values().get())


def test_a_key_costs_one_query(django_assert_num_queries):
    _, text = make_key()
    client = with_key(text)

    with django_assert_num_queries(1):
        client.get("/api/events/")


def test_a_key_never_passes_for_a_person_of_its_name(analyst):
    _, text = make_key("amira")

    assert with_key(text).get("/api/users/me/").status_code == 403


def test_is_not_logged(caplog):
    caplog.set_level(logging.DEBUG)
    _, text = make_key()

    with_key(text).post("/api/events/", event_json())

    assert caplog.records
    assert text not in "".join(str(vars(record)) for record in caplog.records)


def test_a_key_needs_a_scope():
    with pytest.raises(InvalidKey, match="at least one scope"):
        create_key(name="sensor-1", scopes=set(), by=ALMA)


def test_the_database_refuses_a_key_without_a_scope():
    key, _ = make_key()

    with pytest.raises(IntegrityError), transaction.atomic():
        Key.objects.filter(pk=key.pk).update(can_post_events=False)


@pytest.mark.parametrize("fields", [{"name": ""}, {"name": "x" * 51}, {"host": "x" * 256}], ids=str)
def test_refuses_a_name_or_host_that_does_not_fit(fields):
    with pytest.raises(InvalidKey):
        create_key(**{"name": "sensor-1", "scopes": {Scope.POST_LOGS}, "by": ALMA} | fields)


def test_refuses_an_end_that_has_passed():
    with pytest.raises(InvalidKey, match="expired already"):
        make_key(expires_at=timezone.now())
