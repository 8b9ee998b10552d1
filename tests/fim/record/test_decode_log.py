"""The quick way to read a log takes what the thorough one takes, as it takes it, or leaves it."""

import json

import pytest
from hypothesis import given, settings

from fim.record.reading import complete_log, decode_log, decode_logs, read_log
from tests.factories import NOON, log_json
from tests.fim.ingest.test_any_json import JSON, LOGS


def complete(sent):
    return complete_log(sent, received_at=NOON, default_host="web-1")


@settings(max_examples=600, deadline=None, derandomize=True)
@given(record=LOGS)
def test_agrees_with_the_thorough_way(record):
    sent = decode_log(json.dumps(record).encode())

    thorough = read_log(record, received_at=NOON, default_host="web-1") if sent else None
    assert (complete(sent) if sent else None) == thorough


@settings(max_examples=400, deadline=None, derandomize=True)
@given(record=JSON)
def test_leaves_alone_what_is_no_log(record):
    assert decode_log(json.dumps(record).encode()) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"path": ""},
        {"path": "/" * 4097},
        {"path": "/a\0b"},
        {"path": "/\ud800"},
        {"action": "renamed"},
        {"category": "bad"},
        {"seq": 5.0},
        {"seq": True},
        {"seq": 2**63},
        {"sha256": "A" * 64},
        {"sha256": "a" * 64 + "\n"},
        {"timestamp": "yesterday"},
        {"timestamp": "1969-12-31T23:59:59Z"},
        {"user": None},
        {"attributes": {"a": [[[[[[[[1]]]]]]]]}},
        {"attributes": {"canary": True}},
        {"raw": {"a": 1}},
    ],
)
def test_leaves_to_the_thorough_way_what_it_may_refuse(fields):
    text = json.dumps(log_json(**fields)).encode()

    assert decode_log(text) is None
    assert decode_logs(b"[" + text + b"]") is None


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"action": "DIUBAH", "severity": "[BAHAYA] PHP_Webshell"},
        {"severity": "critical", "category": "normal"},
        {"timestamp": "2026-03-14T11:00:00.123456789+01:00", "event_id": "0" * 32},
        {"timestamp": "9999-12-31T23:59:59-14:00"},
        {"sha256": "0f" * 32, "size_bytes": 0, "attributes": {"pid": 7, "list": [1.5, None]}},
        {"unknown": {"a": 1}, "host": ""},
    ],
)
def test_takes_what_agents_send(fields):
    text = json.dumps(log_json(**fields)).encode()

    expected = read_log(log_json(**fields), received_at=NOON, default_host="web-1")
    assert complete(decode_log(text)) == expected
    assert [complete(sent) for sent in decode_logs(b"[" + text + b"]")] == [expected]
