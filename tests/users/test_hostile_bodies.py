"""Whatever is sent to the URLs of `users`, the answer is a refusal and never a failure."""

import itertools

import pytest
from rest_framework.test import APIClient

pytestmark = pytest.mark.django_db

PATHS = ["/api/token/", "/api/token/refresh/", "/api/login/", "/api/logout/", "/dhimp/api/login/"]
NO_JSON = {
    "half": b'{"username":',
    "brackets": b"[" * 100_000,
    "objects": b'{"a":' * 100_000,
    "invalid UTF-8": b'{"username": "\xff\xfe", "password": "x"}',
    "bare invalid UTF-8": b"\xff",
    "NUL": b"\x00",
    "NaN": b'{"username": NaN, "password": Infinity}',
    "huge number": b'{"username": ' + b"9" * 5_000 + b', "password": 1}',
    "form": b"username=amira&password=x",
    "two documents": b"{}{}",
}
NO_OBJECT = {
    "null": b"null",
    "list": b"[]",
    "list of objects": b'[{"username": "amira"}]',
    "text": b'"x"',
    "number": b"1",
    "true": b"true",
    "float": b"1e999",
}
ODD_VALUES = {
    "large number": b'{"username": ' + b"9" * 4_000 + b', "password": 1, "refresh": null}',
    "deep value": b'{"username": ' + b"[" * 500 + b"]" * 500 + b', "refresh": [], "password": 1}',
    "surrogate": b'{"username": "\\ud800", "password": "\\udfff", "refresh": "\\ud800"}',
    "repeated names": b'{"username": "a", "username": {}, "password": "x", "refresh": {}}',
    "unknown names": b'{"__proto__": 1, "refresh": false, "username": null}',
}


def post(path, body, content_type="application/json"):
    return APIClient(raise_request_exception=True).generic("POST", path, body, content_type)


def each(bodies):
    pairs = list(itertools.product(PATHS, bodies))
    return pytest.mark.parametrize(
        ("path", "body"),
        [(path, bodies[name]) for path, name in pairs],
        ids=[f"{path} {name}" for path, name in pairs],
    )


@each(NO_JSON)
def test_refuses_what_is_no_json(path, body):
    answer = post(path, body)

    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")


@each(NO_OBJECT)
def test_refuses_what_is_no_object(path, body):
    answer = post(path, body)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert set(answer.json()["fields"]) == {"non_field_errors"}


@each(ODD_VALUES)
def test_refuses_odd_values(path, body):
    answer = post(path, body)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


@pytest.mark.parametrize("path", PATHS)
def test_refuses_a_body_that_is_too_large(path):
    answer = post(path, b'"' + b"x" * 3_000_000 + b'"')

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "x", "a/b; c=\xff"])
def test_refuses_other_media_types(path, content_type):
    answer = post(path, b"{}", content_type)

    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("path", PATHS)
def test_an_empty_body_is_an_empty_object(path):
    answer = post(path, b"")

    assert answer.status_code == (200 if path == "/api/logout/" else 400)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "TRACE", "NONSENSE"])
def test_refuses_other_methods(path, method):
    answer = APIClient().generic(method, path, b"{}", "application/json")

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize("query", ["?format=xml", "?format=%00", "?%ff=%fe", "?a[]=1&a[]=2"])
def test_odd_queries_are_no_error(analyst_client, query):
    answer = analyst_client.get(f"/api/users/me/{query}")

    assert answer.status_code in (200, 404)


@pytest.mark.parametrize("host", ["evil.example", "a b", "", "x" * 5_000, "127.0.0.1:99999999"])
def test_an_unknown_host_is_refused(host, settings):
    settings.ALLOWED_HOSTS = ["127.0.0.1"]

    answer = APIClient(HTTP_HOST=host).post("/api/token/", {})

    assert answer.status_code == 400
