"""Errors below /dhimp/api/ carry `message`, which is what DHIMP's clients show."""

import pytest

from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db

API = "/dhimp/api/"
READS = ["logs/", "logs/1/", "logs/analytics/", "logs/analytics/historical/", "logs/today/"]
READS += ["logs/by-date/", "logs/stats-by-date/", "incron/control/", "check-auth/"]


def message_of(answer):
    body = answer.json()
    assert body.keys() == {"code", "detail", "fields", "message"}
    assert body["message"] == body["detail"]
    return body["message"]


@pytest.mark.parametrize("path", READS)
def test_says_that_nobody_is_signed_in(anonymous_client, path):
    answer = anonymous_client.get(API + path)

    assert answer.status_code == 401
    assert message_of(answer) == "Authentication credentials were not provided."


@pytest.mark.parametrize("path", READS)
def test_says_that_a_method_is_not_taken(admin_client, path):
    answer = admin_client.put(API + path, {})

    assert (answer.status_code, message_of(answer)) == (405, 'Method "PUT" not allowed.')


@pytest.mark.parametrize(
    "path",
    ["logs/?status=bad", "logs/?page=0", "logs/?page_size=x", "logs/analytics/historical/?days=0"]
    + ["logs/by-date/", "logs/stats-by-date/?date=2026-02-30", "logs/today/?limit=0"],
)
def test_says_what_is_bad(analyst_client, path):
    answer = analyst_client.get(API + path)

    assert answer.status_code == 400
    assert message_of(answer).startswith("Not valid: ")


@pytest.mark.parametrize("path", ["logs/999/", "logs/?page=7"])
def test_says_that_there_is_no_such_thing(analyst_client, path):
    answer = analyst_client.get(API + path)

    assert answer.status_code == 404
    assert message_of(answer)


def test_says_that_only_admins_delete(analyst_client):
    answer = analyst_client.delete(f"{API}logs/", {"id": 1}, format="json")

    assert (answer.status_code, message_of(answer)) == (403, "Only admins may do this.")


def test_says_that_a_body_is_too_large(admin_client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10

    answer = admin_client.delete(f"{API}logs/", {"ids": [1] * 10}, format="json")

    assert answer.status_code == 413
    assert message_of(answer)


@pytest.mark.parametrize(
    ("credentials", "status"),
    [
        ({"username": "amira", "password": "wrong"}, 401),
        ({"username": "nobody", "password": PASSWORD}, 401),
        ({"username": "amira"}, 400),
        ([], 400),
    ],
)
@pytest.mark.usefixtures("analyst")
def test_says_why_nobody_was_signed_in(anonymous_client, credentials, status):
    answer = anonymous_client.post(f"{API}login/", credentials)

    assert answer.status_code == status
    assert message_of(answer)
