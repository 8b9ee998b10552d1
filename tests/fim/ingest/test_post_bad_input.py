"""Bodies that no agent should send: each gets an answer, and stores nothing."""

import gzip

import pytest

from fim.models import DayCount, FimLog
from tests.factories import log_json

pytestmark = pytest.mark.django_db

URL = "/api/ingest/fim/"
MIB = 2**20
TEXTS = ["event_id", "timestamp", "host", "category", "severity", "action", "path", "path_from"]
TEXTS += ["user", "process", "executable", "sha256", "sha256_before", "mode", "owner", "group"]
TEXTS += ["rule", "full_log", "source"]


@pytest.fixture(autouse=True)
def nothing_is_stored():
    yield
    assert not FimLog.objects.exists() and not DayCount.objects.exists()


@pytest.fixture
def post(anonymous_client):
    def post(body, content_type="application/json", **headers):
        return anonymous_client.post(URL, body, content_type=content_type, headers=headers)

    return post


def told(answer):
    assert answer.json().keys() == {"code", "detail", "fields"}
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"7", b"true", b'"text"', b"{", b"\xff\xfe"])
def test_refuses_what_holds_no_log(post, body):
    assert told(post(body)) == (400, "malformed_body")


@pytest.mark.parametrize("body", [b'{"path": 1}', b"{}", b'{"path": {}, "action": []}'])
def test_refuses_a_log_without_path_and_action(post, body):
    assert told(post(body)) == (400, "invalid")


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("text", ["\\u0000", "\\ud800", "created,\\u0000", "created,\\udfff"])
def test_refuses_a_nul_or_a_lone_surrogate_in_any_text(post, name, text):
    body = f'{{"path": "/a", "action": "created", "{name}": "{text}"}}'

    answer = post(body.encode())

    assert told(answer) == (400, "invalid")
    assert list(answer.json()["fields"]) == [name]


@pytest.mark.parametrize(
    "attributes", ['{"\\u0000": 1}', '{"a": ["\\ud800"]}', '{"a": 1e400}', "[]"]
)
def test_refuses_attributes_that_cannot_be_stored(post, attributes):
    body = f'{{"path": "/a", "action": "created", "attributes": {attributes}}}'

    assert told(post(body.encode())) == (400, "invalid")


def test_refuses_a_path_of_a_megabyte(post):
    answer = post(b'{"path": "/' + b"a" * MIB + b'", "action": "created"}')

    assert told(answer) == (400, "invalid")
    assert answer.json()["fields"]["path"] == ["Has 1048577 characters; at most 4096 are accepted."]


@pytest.mark.parametrize(
    "timestamp", ['"0001-01-01"', '"2026-02-30"', '"soon"', "1773480600", "[]"]
)
def test_refuses_an_absurd_timestamp(post, timestamp):
    body = f'{{"path": "/a", "action": "created", "timestamp": {timestamp}}}'

    assert told(post(body.encode())) == (400, "invalid")


@pytest.mark.parametrize(
    "body", [b'{"path": "/\xff", "action": "created"}', b"\xed\xa0\x80", b"\xc0"]
)
def test_refuses_invalid_utf8(post, body):
    assert told(post(body)) == (400, "malformed_body")


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000, b"[" * 990 + b"]" * 990])
def test_answers_any_nesting(post, body):
    assert post(body).status_code == 400


@pytest.mark.parametrize("body", [b"{}", b"\x1f\x8bgarbage", gzip.compress(b"{}", mtime=0)[:-3]])
def test_refuses_gzip_garbage(post, body):
    assert told(post(body, **{"Content-Encoding": "gzip"})) == (400, "malformed_body")


def test_refuses_a_gzip_bomb(post, settings):
    settings.FIM_MAX_UNPACKED_BYTES = MIB
    bomb = gzip.compress(b" " * 16 * MIB, mtime=0)

    answer = post(bomb, **{"Content-Encoding": "gzip"})

    assert told(answer) == (413, "body_too_large")
    assert answer.json()["detail"] == (
        "The body unpacks to over 1048576 bytes; at most 1048576 are accepted."
    )


def test_refuses_a_small_body_of_millions_of_values(post):
    bomb = gzip.compress(b"[" + b"[]," * MIB + b"[]]", mtime=0)

    assert told(post(bomb, **{"Content-Encoding": "gzip"})) == (413, "body_too_large")


def test_refuses_a_body_over_the_limit(post, settings):
    settings.FIM_MAX_BODY_BYTES = 1000

    answer = post(b" " * 1001)

    assert told(answer) == (413, "body_too_large")
    assert answer.json()["detail"] == "The body has 1001 bytes; at most 1000 are accepted."


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip"])
def test_refuses_an_unknown_encoding(post, encoding):
    answer = post(b"{}", **{"Content-Encoding": encoding})

    assert told(answer) == (415, "unknown_encoding")


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
    + ["text/json", "application/xml", "nonsense", "/", ";"],
)
def test_refuses_another_content_type_and_says_which_are_taken(post, content_type):
    answer = post(b'{"path": "/a", "action": "created"}', content_type)

    assert told(answer) == (415, "unsupported_media_type")
    assert answer.json()["detail"] == (
        f"Content-Type is {content_type}; it takes one of application/json,"
        " application/x-ndjson, application/jsonl, or text/plain with a key."
    )


def test_refuses_a_body_without_a_content_type(anonymous_client):
    body = b'{"path": "/a", "action": "created"}'

    answer = anonymous_client.generic("POST", URL, body, content_type="")

    assert told(answer) == (415, "unsupported_media_type")
    assert answer.json()["detail"].startswith("Content-Type is missing; it takes one of ")


def test_stores_nothing_of_a_log_whose_host_in_the_query_is_bad(anonymous_client):
    answer = anonymous_client.post(f"{URL}?host=%00", [log_json()])

    assert told(answer) == (400, "invalid")
