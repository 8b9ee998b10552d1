"""Logs come with a key from anywhere, and without one from near networks alone."""

import ipaddress

import pytest
from rest_framework.test import APIClient

from fim.models import FimLog
from tests.factories import log_json, make_key
from users.models import Scope
from users.sign_in.tokens import RefreshToken

pytestmark = pytest.mark.django_db

URL = "/api/ingest/fim/"
PUBLIC = "203.0.113.7"
PROXY = "10.0.0.5"


@pytest.fixture
def trusted_proxy(settings):
    settings.TRUSTED_PROXIES = [ipaddress.ip_network(PROXY)]


def post(*, peer="127.0.0.1", client=None, **headers):
    client = client or APIClient()
    return client.post(URL, log_json(), REMOTE_ADDR=peer, headers=headers)


@pytest.mark.parametrize(
    "peer",
    ["127.0.0.1", "127.8.8.8", "::1", "10.1.2.3", "172.16.0.1", "192.168.1.9", "fd00::7", "fe80::1"]
    + ["::ffff:10.1.2.3"],
)
def test_takes_logs_from_near_networks(peer):
    assert post(peer=peer).status_code == 201


@pytest.mark.parametrize(
    "peer", [PUBLIC, "172.32.0.1", "2001:db8::1", "::ffff:203.0.113.7", "0.0.0.0", "", "unix:"]
)
def test_refuses_logs_from_elsewhere(peer):
    answer = post(peer=peer)

    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"] == "Api-Key"
    assert not FimLog.objects.exists()


def test_says_which_setting_and_which_address():
    detail = post(peer=PUBLIC).json()["detail"]

    assert detail.startswith(
        "Logs without a key are taken only from FIM_INGEST_ALLOWED_NETWORKS, and 203.0.113.7 is"
    )


def test_with_no_network_allowed_every_agent_needs_a_key(settings, agent_client):
    settings.FIM_INGEST_ALLOWED_NETWORKS = []

    assert post().status_code == 401
    assert post(client=agent_client).status_code == 201


def test_asks_the_setting(settings):
    settings.FIM_INGEST_ALLOWED_NETWORKS = [ipaddress.ip_network("203.0.113.0/24")]

    assert (post(peer=PUBLIC).status_code, post().status_code) == (201, 401)


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Proto"]
)
@pytest.mark.parametrize("peer", [PUBLIC, "127.0.0.1", PROXY])
def test_gains_nothing_by_a_forged_header(peer, header):
    assert post(peer=peer, **{header: "127.0.0.1"}).status_code == 401


@pytest.mark.usefixtures("trusted_proxy")
@pytest.mark.parametrize(
    ("forwarded_for", "status"),
    [
        ("192.168.1.9", 201),
        (PUBLIC, 401),
        (f"127.0.0.1, {PUBLIC}", 401),
        (f"127.0.0.1, {PUBLIC}, {PROXY}", 401),
        (f"{PUBLIC}, 192.168.1.9", 201),
        ("unknown", 401),
        ("127.0.0.1, _hidden", 401),
    ],
)
def test_judges_the_client_behind_a_trusted_proxy(forwarded_for, status):
    assert post(peer=PROXY, **{"X-Forwarded-For": forwarded_for}).status_code == status


@pytest.mark.usefixtures("trusted_proxy")
def test_believes_no_header_of_one_who_is_not_the_proxy():
    assert post(peer=PUBLIC, **{"X-Forwarded-For": "192.168.1.9"}).status_code == 401


def test_takes_logs_with_a_key_from_anywhere(agent_client):
    answer = post(client=agent_client, peer=PUBLIC, **{"X-Forwarded-For": "junk"})

    assert answer.status_code == 201


def test_refuses_a_key_without_the_scope(sensor_client):
    answer = post(client=sensor_client)

    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert answer.json()["detail"] == "This key has no scope post_logs."


@pytest.mark.parametrize("text", ["wrong", "abc.def", "a.\x00", "." * 200])
def test_refuses_an_unknown_key_even_from_loopback(text):
    answer = post(Authorization=f"Api-Key {text}")

    assert (answer.status_code, answer.json()["code"]) == (401, "key_not_valid")


def test_refuses_a_revoked_key_even_from_loopback():
    key, text = make_key(scopes=[Scope.POST_LOGS])
    key.revoked = True
    key.save()

    assert post(Authorization=f"Api-Key {text}").status_code == 401


def test_takes_no_persons_token_for_a_key(admin):
    token = RefreshToken.for_user(admin).access_token

    assert post(peer=PUBLIC, Authorization=f"Bearer {token}").status_code == 401


@pytest.mark.parametrize("cookie", ["stale", ""])
def test_ignores_a_cookie(cookie):
    client = APIClient(enforce_csrf_checks=True)
    client.cookies["token"] = cookie

    assert post(client=client).status_code == 201


def test_lets_nobody_post_beyond_the_limit(settings):
    rates = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] | {"ingest": "2/minute"}
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"DEFAULT_THROTTLE_RATES": rates}

    statuses = [post().status_code for _ in range(3)]

    assert statuses == [201, 201, 429]
    assert post(peer="127.0.0.2").status_code == 201
