"""GET /api/check-auth/ and /api/users/me/."""

import pytest

from users.models import Scope


@pytest.fixture(params=["/api/check-auth/", "/api/users/me/"])
def path(request):
    return request.param


def test_refuses_nobody(anonymous_client, path):
    answer = anonymous_client.get(path)

    assert answer.status_code == 401
    assert answer.json()["code"] == "not_authenticated"


def test_refuses_a_machine(sensor_client, path):
    answer = sensor_client.get(path)

    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


def test_refuses_writes(analyst_client, path):
    assert analyst_client.post(path, {}).status_code == 405
    assert analyst_client.delete(path).status_code == 405


def test_check_auth_tells_name_and_role(bearer, analyst):
    answer = bearer(analyst).get("/api/check-auth/")

    assert answer.status_code == 200
    assert answer.json()["username"] == "amira"
    assert answer.json()["role"] == "analyst"


def test_me_tells_the_account(bearer, admin):
    admin.first_name, admin.email = "Alma", "alma@example.org"
    admin.save()

    answer = bearer(admin).get("/api/users/me/")

    assert answer.json() == {
        "username": "alma",
        "email": "alma@example.org",
        "first_name": "Alma",
        "last_name": "",
        "role": "admin",
        "last_login": None,
    }


def test_a_token_costs_one_query(bearer, analyst, path, django_assert_num_queries):
    client = bearer(analyst)

    with django_assert_num_queries(1):
        client.get(path)


def test_there_is_no_scope_that_reads():
    assert set(Scope.values) == {"post_events", "post_logs"}
