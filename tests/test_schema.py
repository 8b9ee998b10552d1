"""Swagger and ReDoc tell the truth of every path."""

import json

import pytest
from django.urls import reverse
from swagger_spec_validator.validator20 import validate_spec

from tests.factories import make_alert, make_host, make_log
from tests.urls import rest_operations

pytestmark = pytest.mark.django_db

# Answers 405 with a message that says how alerts come to be: nothing to describe.
NOT_DESCRIBED = {("POST", "/api/alerts/")}
# Answer 503 with their own body, for load balancers.
HEALTH = {("GET", "/healthz"), ("GET", "/readyz")}


@pytest.fixture
def schema(client):
    return client.get("/swagger.json").json()


def operations(schema):
    return {
        (method.upper(), path): operation
        for path, item in schema["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    }


def resolve(schema, part):
    while "$ref" in part:
        part = schema["definitions"][part["$ref"].rpartition("/")[2]]
    return part


def first_line(answer):
    return json.loads(answer.getvalue().splitlines()[0])


def test_describes_every_path_and_method(schema):
    assert set(operations(schema)) == rest_operations() - NOT_DESCRIBED


def test_is_valid_swagger(schema):
    validate_spec(schema)


def test_every_operation_has_a_summary_and_bodies_for_its_answers(schema):
    for name, operation in operations(schema).items():
        assert operation["summary"], name
        for status, answer in operation["responses"].items():
            assert answer["description"], (name, status)
            assert ("schema" in answer) == (status != "204"), (name, status)


def test_every_error_has_the_one_body(schema):
    for name, operation in operations(schema).items():
        for status, answer in operation["responses"].items():
            if status >= "400" and name not in HEALTH:
                properties = resolve(schema, answer["schema"])["properties"]
                assert {"code", "detail", "fields"} <= set(properties), (name, status)


def test_public_operations_ask_for_no_credentials_and_all_others_do(schema):
    public = {"token", "refresh", "login", "logout", "healthz", "readyz"}
    # osquery's secret and node key are in the body.
    public |= {"enroll", "config", "log"}

    for (method, path), operation in operations(schema).items():
        is_public = path.strip("/").rpartition("/")[2] in public
        assert (operation["security"] == []) == is_public, (method, path)


@pytest.mark.parametrize("ui", ["swagger", "redoc"])
def test_the_ui_is_served_with_its_own_files(client, ui):
    answer = client.get(reverse(ui), headers={"accept": "text/html"})

    assert answer.status_code == 200
    assert "//" not in answer.content.decode().replace("https://github.com", "").split("<script")[1]


def test_answers_have_the_fields_that_the_schema_names(schema, admin_client):
    alert, log, host = make_alert(), make_log(category="danger"), make_host()
    ids = {"alerts": alert.pk, "events": alert.event.pk, "logs": log.pk}

    for (method, path), operation in operations(schema).items():
        if method != "GET" or (method, path) in HEALTH:
            continue
        noun = path.split("/{id}")[0].rpartition("/")[2]
        url = path.replace("{id}", str(ids.get(noun))).replace("{name}", host.name)
        url += "?date=2026-03-14"
        answer = admin_client.get(url)
        assert answer.status_code == 200, (url, answer.content)
        described = resolve(schema, operation["responses"]["200"]["schema"])
        found = first_line(answer) if answer.streaming else answer.json()
        if described["type"] == "array":
            described, found = resolve(schema, described["items"]), found[0]
        assert set(found) == set(described["properties"]), url
