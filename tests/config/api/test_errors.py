"""Every error below /api/ has one body, and none tells what a library said."""

import json

import pytest
from django.test import Client

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.config.api.failing_urls")]

SERVER_ERROR = {
    "code": "server_error",
    "detail": "Picket failed to answer; the node's log says why.",
    "fields": {},
}


@pytest.fixture
def client():
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("path", ["/api/bug/", "/api/data-error/"])
def test_a_bug_is_a_500_that_tells_nothing(client, path):
    response = client.get(path)

    assert response.status_code == 500
    assert response.json() == SERVER_ERROR


def test_a_bug_is_logged_once_with_its_cause(client, caplog):
    client.get("/api/bug/")

    (record,) = [each for each in caplog.records if each.levelname == "ERROR"]
    assert isinstance(record.exc_info[1], RuntimeError)


@pytest.mark.parametrize("path", ["/api/operational-error/", "/api/interface-error/"])
def test_a_database_that_is_not_there_is_a_503(client, path):
    response = client.get(path)

    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    assert response.json() == {
        "code": "storage_unavailable",
        "detail": "The database is not available now; nothing was stored. Try again.",
        "fields": {},
    }


def test_a_database_that_is_not_there_is_logged_once_with_its_cause(client, caplog):
    client.get("/api/operational-error/")

    (record,) = [each for each in caplog.records if each.levelname == "ERROR"]
    assert str(record.exc_info[1]) == "secret"


def test_a_failed_query_tells_nothing(client):
    response = client.get("/api/query/")

    assert response.status_code in (500, 503)
    assert b"secret" not in response.content
    assert b"no_such_table" not in response.content


def test_waits_are_rounded_up(client):
    response = client.get("/api/throttled/")

    assert response.status_code == 429
    assert response["Retry-After"] == "2"


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
@pytest.mark.parametrize("prefix", ["/api", "/dhimp/api"])
def test_an_unknown_path_is_a_404(client, method, prefix):
    response = getattr(client, method)(f"{prefix}/colours/")

    assert response.status_code == 404
    assert response.json()["code"] == "not_found"
    assert response.json()["detail"] == f"There is no {prefix}/colours/."


@pytest.mark.parametrize("path", ["/api/%00/", "/api/%ff%fe/", "/api/%ED%A0%80/", "/api/é/"])
def test_an_unreadable_path_is_a_404(client, path):
    response = client.get(path)

    assert response.status_code == 404
    assert response.json()["code"] == "not_found"


@pytest.mark.parametrize("host", ["evil.example", "a b", "\xe9", "", "localhost:port"])
def test_an_unknown_host_is_a_400(client, host):
    response = client.get("/api/events/", headers={"host": host})

    assert response.status_code == 400
    assert response.json() == {
        "code": "bad_request",
        "detail": "This node does not know itself by that host; name it in ALLOWED_HOSTS.",
        "fields": {},
    }


def test_an_unknown_host_is_a_warning_of_one_line(client, caplog):
    client.get("/api/events/", headers={"host": "evil.example"})

    (record,) = [each for each in caplog.records if each.levelname != "INFO"]
    assert (record.levelname, record.exc_info) == ("WARNING", None)
    assert "'evil.example'" in record.getMessage()


def test_a_refusal_outside_of_views_is_a_403(client):
    response = client.get("/api/denied/")

    assert response.status_code == 403
    assert response.json()["code"] == "permission_denied"
    assert b"secret" not in response.content


@pytest.mark.parametrize(
    ("path", "status"), [("/colours/", 404), ("/denied/", 403), ("/apiary/", 404)]
)
def test_pages_for_people_are_html(client, path, status):
    response = client.get(path)

    assert response.status_code == status
    assert response["Content-Type"].startswith("text/html")


def test_an_unknown_host_of_a_page_for_people_is_html(client):
    response = client.get("/admin/", headers={"host": "evil.example"})

    assert response.status_code == 400
    assert response["Content-Type"].startswith("text/html")


def test_a_missing_sign_in_says_how(client):
    response = client.get("/api/events/")

    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert response.json()["code"] == "not_authenticated"


@pytest.mark.parametrize("accept", ["text/html", "application/xml"])
def test_answers_in_json_alone(analyst_client, accept):
    response = analyst_client.get("/api/events/", headers={"accept": accept})

    assert response.status_code == 406
    assert json.loads(response.content)["code"] == "not_acceptable"
