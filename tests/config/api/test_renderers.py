"""JSON answers: the quick way, and DRF's where that one cannot."""

import json
import uuid

import pytest
from rest_framework.utils.serializer_helpers import ReturnDict

from config.api.renderers import JSONRenderer, encoded


@pytest.mark.parametrize(
    "data",
    [
        {"a": [1, 2.5, None, True, "é\u2028"]},
        ReturnDict({"a": "b"}, serializer=None),
        {"id": uuid.UUID(int=1)},
        {"a": "\ud800"},
        [],
    ],
)
def test_writes_what_drf_writes(data):
    by_drf = super(JSONRenderer, JSONRenderer()).render(data)

    assert json.loads(JSONRenderer().render(data)) == json.loads(by_drf)


def test_writes_nothing_as_nothing():
    assert JSONRenderer().render(None) == b""


def test_indents_where_it_is_asked_to():
    assert JSONRenderer().render({"a": 1}, "application/json; indent=4") == b'{\n    "a": 1\n}'


def test_takes_what_is_written_already():
    assert JSONRenderer().render({"logs": encoded([{"a": 1}])}) == b'{"logs":[{"a":1}]}'


def test_answers_beyond_ascii(analyst_client):
    body = {"source_name": "é", "event_type": "x", "severity": "LOW"}

    assert analyst_client.post("/api/events/", body).json()["source_name"] == "é"
