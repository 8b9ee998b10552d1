"""What Beats, the client libraries and Vector ask before they send anything."""

import pytest

from tests.fim.protocols.elastic.exchange import BEAT_HEADERS

pytestmark = pytest.mark.django_db
PATHS = [
    "/elastic",
    "/elastic/",
    "/elastic/_license",
    "/elastic/_xpack",
    "/elastic/_cluster/health",
]


@pytest.mark.parametrize("path", ["/elastic", "/elastic/"])
def test_says_who_is_there(client, path):
    answer = client.get(path, headers=BEAT_HEADERS)

    told = answer.json()
    assert answer.status_code == 200
    assert told["name"] == "node-under-test"
    assert len(told["cluster_uuid"]) == 22
    assert told["version"]["number"].startswith("8.")
    assert told["version"]["build_flavor"] == "default"
    assert told["tagline"] == "You Know, for Search"


def test_the_cluster_is_the_same_at_every_handshake(client):
    uuids = {client.get("/elastic/").json()["cluster_uuid"] for _ in range(2)}

    assert len(uuids) == 1


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["get", "head"])
def test_every_answer_names_the_product(client, path, method):
    answer = getattr(client, method)(path)

    assert (answer.status_code, answer["X-Elastic-Product"]) == (200, "Elasticsearch")


@pytest.mark.parametrize("path", ["/elastic/_license?human=false", "/elastic/_xpack?human=false"])
def test_has_an_active_basic_license(client, path):
    told = client.get(path).json()["license"]

    assert (told["status"], told["type"]) == ("active", "basic")
    assert told["uid"]


def test_is_healthy(client):
    assert client.get("/elastic/_cluster/health").json()["status"] == "green"


@pytest.mark.parametrize(
    "accept", ["application/vnd.elasticsearch+json;compatible-with=8", "*/*", "text/html", "junk"]
)
def test_answers_in_json_whatever_is_accepted(client, accept):
    answer = client.get("/elastic/", headers={"Accept": accept})

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")


@pytest.mark.parametrize("method", ["get", "head", "put", "post", "delete"])
@pytest.mark.parametrize(
    "path", ["_index_template/auditbeat-8.13.2", "_ilm/policy/auditbeat", "auditbeat", "_bulk/x/y"]
)
def test_has_no_templates_and_policies(client, path, method):
    answer = getattr(client, method)(f"/elastic/{path}")

    assert (answer.status_code, answer["X-Elastic-Product"]) == (404, "Elasticsearch")
    if method != "head":
        assert answer.json()["code"] == "not_found"
        assert answer.json()["error"]["type"] == "resource_not_found_exception"
        assert "setup.ilm.enabled" in answer.json()["error"]["reason"]


def test_takes_no_other_method(client):
    answer = client.delete("/elastic/_bulk")

    assert (answer.status_code, answer.json()["status"]) == (405, 405)
    assert answer["X-Elastic-Product"] == "Elasticsearch"
