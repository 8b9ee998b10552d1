"""POST /api/ingest/fim/ with an array or NDJSON, plain or packed."""

import gzip
import json

import pytest

from fim.models import DayCount, FimLog
from tests.factories import log_json

pytestmark = pytest.mark.django_db

URL = "/api/ingest/fim/"
NDJSON = "application/x-ndjson"


def event_id(number):
    return f"00000000-0000-4000-8000-{number:012}"


def ndjson(*records):
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def test_stores_an_array(anonymous_client):
    answer = anonymous_client.post(URL, [log_json(path="/a"), log_json(path="/b")])

    assert answer.status_code == 201
    assert answer.json() == {
        "accepted": 2,
        "duplicates": 0,
        "rejected": 0,
        "ignored": 0,
        "errors": [],
    }


def test_numbers_logs_in_the_order_received(anonymous_client):
    batch = [log_json(path=f"/{n}", event_id=event_id(9 - n)) for n in range(9)]

    anonymous_client.post(URL, batch)

    paths = FimLog.objects.order_by("pk").values_list("path", flat=True)
    assert list(paths) == [record["path"] for record in batch]


@pytest.mark.parametrize("content_type", [NDJSON, "application/jsonl", f"{NDJSON}; charset=utf-8"])
def test_stores_ndjson(anonymous_client, content_type):
    answer = anonymous_client.post(URL, ndjson(log_json(), log_json()), content_type=content_type)

    assert (answer.status_code, answer.json()["accepted"]) == (201, 2)


@pytest.mark.parametrize("content_type", [NDJSON, "application/json"])
def test_stores_packed_logs(anonymous_client, content_type):
    packed = gzip.compress(ndjson(log_json()))

    answer = anonymous_client.post(
        URL, packed, content_type=content_type, headers={"Content-Encoding": "gzip"}
    )

    assert (answer.status_code, FimLog.objects.count()) == (201, 1)


def test_stores_the_good_and_names_the_bad_by_index(anonymous_client):
    body = ndjson({"path": 1, "action": "created"}, log_json()) + b"{\n" + ndjson(7, log_json())

    answer = anonymous_client.post(URL, body, content_type=NDJSON)

    assert (answer.status_code, FimLog.objects.count()) == (201, 2)
    assert answer.json() == {
        "accepted": 2,
        "duplicates": 0,
        "rejected": 3,
        "ignored": 0,
        "errors": [
            error(0, "invalid", "path", "Takes a text."),
            error(
                2, "malformed", "non_field_errors", "Is no JSON, nor a line of a known tool's log."
            ),
            error(3, "invalid", "non_field_errors", "A log is a JSON object."),
        ],
    }


def error(index, code, field, message):
    detail = message if field == "non_field_errors" else f"Not valid: {field}."
    return {"index": index, "code": code, "detail": detail, "fields": {field: [message]}}


def test_counts_blank_lines_for_nothing(anonymous_client):
    body = b"\r\n" + ndjson(log_json()) + b"\n  \n{\r\n"

    answer = anonymous_client.post(URL, body, content_type=NDJSON)

    assert [error["index"] for error in answer.json()["errors"]] == [1]


def test_names_a_line_that_is_no_utf8(anonymous_client):
    body = ndjson(log_json()) + b'{"path": "/\xff", "action": "created"}\n'

    answer = anonymous_client.post(URL, body, content_type=NDJSON)

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (201, "malformed")


def test_answers_200_where_all_are_repeats(anonymous_client):
    batch = [log_json(event_id=event_id(n)) for n in range(3)]
    anonymous_client.post(URL, batch)

    answer = anonymous_client.post(URL, batch)

    assert answer.status_code == 200
    assert answer.json() == {
        "accepted": 0,
        "duplicates": 3,
        "rejected": 0,
        "ignored": 0,
        "errors": [],
    }
    assert FimLog.objects.count() == DayCount.objects.get().count == 3


def test_answers_200_where_the_rest_are_repeats(anonymous_client):
    anonymous_client.post(URL, log_json(event_id=event_id(1)))

    answer = anonymous_client.post(URL, [log_json(event_id=event_id(1)), {}])

    assert (answer.status_code, answer.json()["rejected"]) == (200, 1)


def test_answers_400_where_nothing_could_be_stored(anonymous_client):
    answer = anonymous_client.post(URL, [{}, None, []])

    assert (answer.status_code, answer.json()["rejected"]) == (400, 3)
    assert not FimLog.objects.exists()


def test_stores_a_repeat_within_the_batch_once(anonymous_client):
    batch = [
        log_json(path="/first", event_id=event_id(1)),
        log_json(path="/", event_id=event_id(1)),
    ]

    answer = anonymous_client.post(URL, batch)

    assert (answer.json()["accepted"], answer.json()["duplicates"]) == (1, 1)
    assert FimLog.objects.get().path == "/first"


def test_stores_an_event_id_of_two_hosts_twice(anonymous_client):
    batch = [log_json(host=host, event_id=event_id(1)) for host in ("web-1", "web-2")]

    assert anonymous_client.post(URL, batch).json()["accepted"] == 2


def test_gives_the_host_of_the_query_to_those_that_name_none(anonymous_client):
    batch = [{"path": "/a", "action": "created"}, log_json(host="web-3")]

    anonymous_client.post(f"{URL}?host=web-9", batch)

    hosts = FimLog.objects.order_by("pk").values_list("host", flat=True)
    assert list(hosts) == ["web-9", "web-3"]


def test_stores_ten_thousand_at_once(anonymous_client):
    body = ndjson(log_json()) * 10_000

    answer = anonymous_client.post(URL, body, content_type=NDJSON)

    assert (answer.status_code, answer.json()["accepted"]) == (201, 10_000)
    assert DayCount.objects.get().count == 10_000


def test_refuses_one_more_and_stores_none(anonymous_client):
    answer = anonymous_client.post(URL, ndjson(log_json()) * 10_001, content_type=NDJSON)

    assert (answer.status_code, answer.json()["code"]) == (413, "batch_too_large")
    assert not FimLog.objects.exists()


def test_asks_no_more_of_the_database_for_more_logs(
    anonymous_client, django_assert_max_num_queries
):
    batch = [log_json(event_id=event_id(n)) for n in range(400)]

    # Each statement takes 41 logs on SQLite: 999 parameters, 24 a log.
    with django_assert_max_num_queries(16):
        anonymous_client.post(URL, batch)
