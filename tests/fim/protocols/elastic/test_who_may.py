"""Who may post to Elasticsearch's paths: as to ingest, with credentials as outputs send them."""

import base64

import pytest

from fim.models import FimLog
from tests.factories import make_key
from tests.fim.protocols.elastic.exchange import api_key, basic, created, document, post_bulk
from users.models import Scope

pytestmark = pytest.mark.django_db
PUBLIC = "203.0.113.7"
ALL_PATHS = ["/elastic", "/elastic/", "/elastic/_license", "/elastic/_cluster/health", "/elastic/x"]


@pytest.fixture
def key_text():
    return make_key("auditbeat-1", scopes=[Scope.POST_LOGS], host="shop-9")[1]


def post(client, *, peer="127.0.0.1", name="auditbeat_etw.json", **headers):
    return post_bulk(client, created(document(name)), REMOTE_ADDR=peer, headers=headers)


@pytest.mark.parametrize("form", [api_key, basic, "Api-Key {}".format])
def test_takes_a_key_in_every_form_from_anywhere(client, key_text, form):
    answer = post(client, peer=PUBLIC, Authorization=form(key_text))

    assert (answer.status_code, answer.json()["errors"]) == (200, False)
    assert FimLog.objects.get().host == "shop-9"


@pytest.mark.parametrize("form", [api_key, basic])
def test_shakes_hands_with_a_key_from_anywhere(client, key_text, form):
    answer = client.get("/elastic/", REMOTE_ADDR=PUBLIC, headers={"Authorization": form(key_text)})

    assert answer.status_code == 200


@pytest.mark.parametrize("peer", ["127.0.0.1", "10.1.2.3"])
def test_takes_documents_without_a_key_from_near_networks(client, peer):
    assert post(client, peer=peer).status_code == 200


@pytest.mark.parametrize("path", ALL_PATHS)
def test_refuses_others_from_the_handshake_on(client, path):
    answer = client.get(path, REMOTE_ADDR=PUBLIC)

    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer.json()["error"]["type"] == "security_exception"
    assert (answer["WWW-Authenticate"], answer["X-Elastic-Product"]) == ("ApiKey", "Elasticsearch")


def test_refuses_documents_from_elsewhere(client):
    assert post(client, peer=PUBLIC).status_code == 401
    assert not FimLog.objects.exists()


def encoded(text):
    return base64.b64encode(text).decode()


@pytest.mark.parametrize("scheme", ["ApiKey", "Basic", "apikey"])
@pytest.mark.parametrize(
    "credentials",
    [
        "",
        "???",
        "a",
        encoded(b""),
        encoded(b":"),
        encoded(b"elastic:changeme"),
        encoded(b"\xff:\x00"),
    ]
    + [encoded(b"nocolon"), encoded(b"a:b:c"), "é"],
)
def test_refuses_an_unknown_key_even_from_loopback(client, scheme, credentials):
    answer = post(client, Authorization=f"{scheme} {credentials}")

    assert (answer.status_code, answer.json()["code"]) == (401, "key_not_valid")
    assert answer.json()["error"]["type"] == "security_exception"


def test_refuses_a_revoked_key(client):
    key, text = make_key(scopes=[Scope.POST_LOGS])
    key.revoked = True
    key.save()

    assert post(client, Authorization=api_key(text)).status_code == 401


def test_refuses_a_key_without_the_scope(client):
    _, text = make_key(scopes=[Scope.POST_EVENTS])

    answer = post(client, Authorization=api_key(text))

    assert (answer.status_code, answer.json()["error"]["type"]) == (403, "security_exception")


def test_the_other_paths_take_no_elasticsearch_credentials(client, key_text):
    answer = client.post(
        "/api/ingest/fim/",
        {},
        content_type="application/json",
        REMOTE_ADDR=PUBLIC,
        headers={"Authorization": api_key(key_text)},
    )

    assert answer.status_code == 401


def test_lets_nobody_post_beyond_the_limit(client, settings):
    rates = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] | {"ingest": "2/minute"}
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"DEFAULT_THROTTLE_RATES": rates}

    answers = [post(client) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["error"]["type"] == "es_rejected_execution_exception"
    assert int(answers[2]["Retry-After"]) > 0
