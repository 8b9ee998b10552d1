"""Bulk bodies that no tool sends are answers, never a 500."""

import gzip
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from fim.ingest.body import MAX_RECORDS
from fim.models import FimLog
from fim.protocols.elastic.bulk import read_bulk
from tests.fim.protocols.elastic.exchange import created, document, lines, post_bulk, statuses

pytestmark = pytest.mark.django_db
ACTION = b'{"create":{}}\n'


@pytest.mark.parametrize(
    "body",
    [b"\n", b"garbage\n", b"[]\n", b"{}\n", b'{"create":7}\n{}\n', b'{"drop":{}}\n', b"\x00\n"]
    + [b'{"create":{},"index":{}}\n{}\n', b'"create"\n', b"\xff\xfe\n", b"null\n"],
)
def test_refuses_a_body_whose_actions_cannot_be_read(client, body):
    answer = post_bulk(client, body)

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_body")
    assert answer.json()["error"]["type"] == "illegal_argument_exception"
    assert answer.json()["status"] == 400


def test_stores_nothing_of_a_body_that_loses_its_way(client):
    body = created(document()) + b"garbage\n" + created(document("auditbeat_old.json"))

    answer = post_bulk(client, body)

    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("Line 3 is no action")
    assert not FimLog.objects.exists()


@pytest.mark.parametrize("body", [b"", None])
def test_refuses_an_empty_body(client, body):
    answer = post_bulk(client, body or b"")

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_body")


@pytest.mark.parametrize(
    "source",
    [b"garbage", b"7", b'"text"', b"[]", b"null", b"", b"\x00", b'{"a": NaN}', b"[" * 5000]
    + [b'{"path": "/a\\u0000", "action": "created"}', b'{"path": "\\ud800", "action": "deleted"}']
    + [b'{"event": 7, "file": "x", "host": []}', b'{"event": {"module": "file_integrity"}}'],
)
def test_refuses_a_bad_document_alone(client, source):
    body = ACTION + source + b"\n" + created(document())

    answer = post_bulk(client, body)

    assert (answer.status_code, statuses(answer)) == (200, [400, 201])


@pytest.mark.parametrize("source", [b'"CRIT : a line of text"', b"[]", b"7", b"null"])
def test_takes_no_document_that_is_no_object(source):
    item = read_bulk(ACTION + source)[0]

    assert (item.record, item.refusal) == (None, "The document is no JSON object.")


def test_refuses_an_action_without_its_document(client):
    answer = post_bulk(client, created(document()) + ACTION)

    assert statuses(answer) == [201, 400]
    assert answer.json()["items"][1]["create"]["error"]["reason"] == (
        "No document follows the action."
    )


def test_needs_no_last_line_end(client):
    assert statuses(post_bulk(client, created(document()).rstrip())) == [201]


def test_skips_empty_lines_between_items(client):
    body = b"\r\n\n" + created(document()) + b"\n \n" + created(document("auditbeat_old.json"))

    assert statuses(post_bulk(client, body)) == [201, 201]


@pytest.mark.parametrize("value", [7, None, [], {}, "x" * 10_000, "a\\"])
def test_repeats_no_odd_index_or_id(client, value):
    body = lines({"create": {"_index": value, "_id": value}}, document())

    item = post_bulk(client, body).json()["items"][0]["create"]

    assert (item["_index"], item["_id"], item["status"]) == (None, None, 201)


def test_tells_reasons_without_backslashes(client):
    bad = {"path": "C:\\a", "action": 'C:\\"b\\"'}

    assert b"\\\\" not in post_bulk(client, created(bad)).content


def test_takes_ten_thousand_documents_and_no_more(client):
    body = (ACTION + b"{}\n") * (MAX_RECORDS + 1)

    answer = post_bulk(client, body, packed=True)

    assert (answer.status_code, answer.json()["code"]) == (413, "batch_too_large")
    assert answer.json()["error"]["type"] == "content_too_long_exception"


def test_refuses_a_body_over_the_limit(client, settings):
    settings.FIM_MAX_BODY_BYTES = 100

    assert post_bulk(client, created(document())).json()["code"] == "body_too_large"


def test_refuses_a_bomb(client, settings):
    settings.FIM_MAX_UNPACKED_BYTES = 1_000
    body = ACTION + b" " * 100_000

    assert post_bulk(client, body, packed=True).status_code == 413


@pytest.mark.parametrize("broken", [b"junk", gzip.compress(b"{}", mtime=0)[:-9]])
def test_refuses_broken_gzip(client, broken):
    answer = post_bulk(client, broken, headers={"Content-Encoding": "gzip"})

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_body")


def test_refuses_another_encoding(client):
    answer = post_bulk(client, b"x", headers={"Content-Encoding": "zstd"})

    assert (answer.status_code, answer.json()["code"]) == (415, "unknown_encoding")


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/x-ndjson",
        "application/vnd.elasticsearch+json;compatible-with=8",
        "application/vnd.elasticsearch+x-ndjson; compatible-with=8",
    ],
)
def test_takes_the_media_types_of_every_client(client, content_type):
    assert statuses(post_bulk(client, created(document()), content_type=content_type)) == [201]


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""],
)
def test_takes_nothing_that_a_foreign_page_can_send_unasked(client, content_type):
    answer = post_bulk(client, created(document()), content_type=content_type)

    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    assert answer["X-Elastic-Product"] == "Elasticsearch"
    assert not FimLog.objects.exists()


@pytest.mark.parametrize("path", ["/elastic/_bulk", "/elastic/"])
def test_allows_no_foreign_origin(client, path):
    answer = client.options(path, headers={"Origin": "https://evil.example"})

    assert "Access-Control-Allow-Origin" not in answer.headers


LINES = st.lists(
    st.sampled_from(
        [
            ACTION.strip(),
            b'{"index":{"_index":"a"}}',
            b'{"delete":{"_id":"1"}}',
            b'{"update":{}}',
            json.dumps(document("auditbeat_etw.json")).encode(),
            b"{}",
            b"",
            b"7",
        ]
    )
    | st.binary(max_size=12),
    max_size=8,
)


@given(LINES)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_answers_whatever_comes(body):
    answer = post_bulk(APIClient(), b"\n".join(body))

    assert answer.status_code in (200, 400)
    assert answer["X-Elastic-Product"] == "Elasticsearch"
    if answer.status_code == 200:
        assert set(statuses(answer)) <= {200, 201, 400}
