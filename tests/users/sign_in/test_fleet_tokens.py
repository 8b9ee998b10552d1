"""A JWT_SIGNING_KEY shared by a fleet: a token of one node works on all."""

import pytest
from django.test import override_settings

from tests.factories import event_json, make_event, make_user
from users.models import User
from users.sign_in.tokens import RefreshToken, user_of_token

pytestmark = pytest.mark.django_db


@pytest.fixture
def fleet(settings):
    """This node shares its key; the tests' settings keep the key that signs."""
    settings.JWT_SIGNING_KEY = "shared by the fleet"


def token_of_other_node(*, role="analyst", forged=None):
    """What node-b, where the person has an account, hands out."""
    with override_settings(NODE_NAME="node-b"):
        user = make_user("fatima", role=role)
        token = RefreshToken.for_user(user).access_token
        user.delete()
    for name, value in (forged or {}).items():
        token[name] = value
    return str(token)


@pytest.mark.parametrize("role", ["analyst", "admin"])
def test_a_person_without_an_account_here_has_the_tokens_role(fleet, bearer, role):
    answer = bearer(token_of_other_node(role=role)).get("/api/users/me/")

    assert answer.json() == {
        "username": "fatima",
        "role": role,
        **{"email": "", "first_name": "", "last_name": "", "last_login": None},
    }


def test_an_analyst_of_the_fleet_may_not_delete(fleet, bearer):
    event = make_event()

    answer = bearer(token_of_other_node()).delete(f"/api/events/{event.pk}/")

    assert answer.status_code == 403


def test_an_admin_of_the_fleet_may_delete(fleet, bearer):
    event = make_event()

    answer = bearer(token_of_other_node(role="admin")).delete(f"/api/events/{event.pk}/")

    assert answer.status_code == 204


def test_the_fleets_writes_are_throttled_too(fleet, bearer, settings):
    rates = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] | {"user": "1/day"}
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"DEFAULT_THROTTLE_RATES": rates}
    client = bearer(token_of_other_node())
    client.post("/api/events/", event_json())

    assert client.post("/api/events/", event_json()).status_code == 429


def test_the_local_accounts_role_wins(fleet, bearer):
    client = bearer(token_of_other_node(role="admin"))
    make_user("fatima", role="analyst")

    assert client.get("/api/check-auth/").json()["role"] == "analyst"


def test_a_deactivated_local_account_wins(fleet, bearer):
    client = bearer(token_of_other_node(role="admin"))
    make_user("fatima", is_active=False)

    assert client.get("/api/check-auth/").status_code == 401


def test_refuses_a_token_of_this_node_for_a_deleted_account(fleet, bearer, analyst):
    client = bearer(analyst)
    User.objects.all().delete()

    assert client.get("/api/check-auth/").status_code == 401


@pytest.mark.parametrize(
    "claims",
    [
        {"role": "root"},
        {"role": None},
        {"role": ["admin"]},
        {"role": {"admin": 1}},
        {"node": None},
        {"node": ""},
        {"node": ["node-b"]},
        {"node": "node-under-test"},
        {"username": "\ud800"},
        {"username": "fat\x00ima"},
    ],
    ids=str,
)
def test_refuses_claims_that_no_node_makes(fleet, bearer, claims):
    answer = bearer(token_of_other_node(forged=claims)).get("/api/check-auth/")

    assert answer.status_code == 401


def test_without_a_shared_key_unknown_people_are_refused(bearer):
    answer = bearer(token_of_other_node()).get("/api/check-auth/")

    assert (answer.status_code, answer.json()["code"]) == (401, "user_not_found")


def test_refuses_to_refresh_the_token_of_another_node(fleet, analyst, anonymous_client):
    with override_settings(NODE_NAME="node-b"):
        token = RefreshToken.for_user(analyst)

    answer = anonymous_client.post("/api/token/refresh/", {"refresh": str(token)})

    assert answer.status_code == 401


def test_asks_the_database_once(analyst, django_assert_num_queries):
    token = RefreshToken.for_user(analyst).access_token

    with django_assert_num_queries(1):
        user_of_token(token)
