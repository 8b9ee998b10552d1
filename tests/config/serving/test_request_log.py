"""One line of JSON a request, with no secret in it."""

import json
import logging
import re
from logging.config import DictConfigurator

import pytest
from django.conf import settings as django_settings
from django.http import HttpResponse
from django.test import Client, RequestFactory
from rest_framework.test import APIClient

from config.serving.request_log import RequestLogMiddleware
from tests.factories import PASSWORD, event_json

pytestmark = pytest.mark.django_db


@pytest.fixture
def lines(caplog):
    """What a node prints of all that was logged: one JSON text a line."""
    caplog.set_level(logging.INFO)
    config = DictConfigurator(django_settings.LOGGING)
    formatter = config.configure_formatter(dict(django_settings.LOGGING["formatters"]["json"]))
    return lambda: [formatter.format(record) for record in caplog.records]


def request_line(lines):
    return next(line for line in map(json.loads, lines()) if line["logger"] == "picket.request")


def test_tells_who_asked_what_and_what_came_of_it(lines, analyst, bearer):
    bearer(analyst).get("/api/events/")

    line = request_line(lines)
    told = {name: line[name] for name in ("level", "method", "path", "status", "client", "user")}
    assert told == {
        "level": "INFO",
        "method": "GET",
        "path": "/api/events/",
        "status": 200,
        "client": "127.0.0.1",
        "user": "amira",
    }
    assert line["duration_ms"] >= 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+\d{4}", line["time"])


def test_names_a_machine_by_its_key(lines, sensor_client):
    sensor_client.post("/api/events/", event_json())

    assert request_line(lines)["user"] == "key:sensor-1"


def test_names_nobody(lines, anonymous_client):
    anonymous_client.get("/api/events/")

    line = request_line(lines)
    assert (line["status"], line["user"]) == (401, None)


def test_holds_no_secret(lines, analyst):
    for path in ("/api/token/", "/api/login/", "/dhimp/api/login/"):
        APIClient().post(f"{path}?secret=hunter2", {"username": "amira", "password": "hunter2"})
    Client().post("/admin/login/?secret=hunter2", {"username": "amira", "password": "hunter2"})
    APIClient(HTTP_AUTHORIZATION="Bearer hunter2").get("/api/events/?search=hunter2")
    APIClient(HTTP_AUTHORIZATION="Api-Key hunter2").post("/api/events/", {"x": "hunter2"})

    assert len(lines()) >= 6
    assert "hunter2" not in "\n".join(lines())


def test_tokens_of_a_sign_in_are_not_logged(lines, analyst):
    answer = APIClient().post("/api/token/", {"username": "amira", "password": PASSWORD}).json()

    text = "\n".join(lines())
    assert answer["access"] not in text
    assert answer["refresh"] not in text


def test_a_failure_is_logged_without_the_query(lines, analyst_client, monkeypatch):
    monkeypatch.setattr("users.views._signed_in", None)
    analyst_client.raise_request_exception = False

    answer = analyst_client.get("/api/check-auth/?secret=hunter2")

    assert answer.status_code == 500
    assert answer.json()["code"] == "server_error"
    failures = [line for line in lines() if "Traceback" in line]
    assert len(failures) == 1
    assert "hunter2" not in "\n".join(lines())


def test_a_csrf_failure_is_logged_without_the_query(lines):
    Client(enforce_csrf_checks=True).post("/admin/login/?secret=hunter2", {})

    assert any("CSRF" in line for line in lines())
    assert "hunter2" not in "\n".join(lines())


def test_echoes_the_clients_request_id(lines):
    answer = Client(HTTP_X_REQUEST_ID="trace-1.a_B").get("/healthz")

    assert answer["X-Request-ID"] == request_line(lines)["request_id"] == "trace-1.a_B"


@pytest.mark.parametrize(
    "sent", ["", "a b", "a\r\nSet-Cookie: x=1", 'a"b', "x" * 65, "é", "a\n", "<script>", "\x00"]
)
def test_replaces_a_hostile_request_id(sent):
    middleware = RequestLogMiddleware(lambda request: HttpResponse())

    answer = middleware(RequestFactory().get("/", HTTP_X_REQUEST_ID=sent))

    assert re.fullmatch(r"[0-9a-f]{32}", answer["X-Request-ID"])


def test_a_path_cannot_forge_a_line(lines):
    Client().get('/x%0a{"logger": "picket.request", "status": 200}')

    assert all("\n" not in line for line in lines())
    assert request_line(lines)["status"] == 404


def test_asks_no_query_for_the_name(lines, analyst, console, django_assert_num_queries):
    browser = console(analyst)

    with django_assert_num_queries(0):
        browser.get("/healthz")
