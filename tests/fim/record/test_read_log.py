"""A record's fields: what is taken, what is refused, and with which words."""

from uuid import UUID

import pytest

from fim.record.fields import LIMITS, MAX_INTEGER, InvalidRecord
from fim.record.reading import read_log
from tests.factories import NOON, log_json, new_log

DIGEST = "a0" * 32
TEXTS = sorted(LIMITS.keys() - {"action", "sha256", "sha256_before"})


def refusals(record):
    with pytest.raises(InvalidRecord) as caught:
        read_log(record, received_at=NOON, default_host="node-under-test")
    return caught.value.fields


def refusal(name, value):
    return refusals(log_json(**{name: value}))[name]


def test_takes_path_and_action_alone():
    log = read_log({"path": "/a", "action": "created"}, received_at=NOON, default_host="web-9")

    assert (log.host, log.category, log.timestamp) == ("web-9", "normal", NOON)
    assert (log.event_id, log.size_bytes, log.seq, log.attributes) == (None, None, None, {})


@pytest.mark.parametrize("record", [None, 1, True, "text", 1.5, [], [{}]])
def test_refuses_what_is_no_object(record):
    assert refusals(record) == {"non_field_errors": ["A log is a JSON object."]}


@pytest.mark.parametrize(
    "missing", [{}, {"path": None, "action": None}, {"path": "", "action": ""}]
)
def test_requires_path_and_action(missing):
    required = ["This field is required."]

    assert refusals(missing) == {"path": required, "action": required}


def test_ignores_unknown_fields():
    assert new_log(colour="red", id=7, file_name="x") == new_log()


@pytest.mark.parametrize("name", ["user", "seq", "timestamp", "category", "attributes", "event_id"])
def test_takes_null_for_a_field_that_is_not_sent(name):
    assert new_log(**{name: None}) == new_log()


@pytest.mark.parametrize("name", TEXTS)
def test_keeps_a_text_as_long_as_its_limit(name):
    text = "é" * LIMITS[name]

    assert getattr(new_log(**{name: text}), name) == text


@pytest.mark.parametrize("name", TEXTS)
def test_refuses_a_text_over_its_limit(name):
    limit = LIMITS[name]

    error = refusal(name, "x" * (limit + 1))

    assert error == [f"Has {limit + 1} characters; at most {limit} are accepted."]


@pytest.mark.parametrize("name", sorted(LIMITS))
@pytest.mark.parametrize("value", [1, 1.5, False, [], {}])
def test_refuses_what_is_no_text(name, value):
    assert refusal(name, value) == ["Takes a text."]


@pytest.mark.parametrize("name", sorted(LIMITS))
@pytest.mark.parametrize("value", ["created,\x00", "created,\ud800", "created,\udfff"])
def test_refuses_a_nul_or_a_lone_surrogate(name, value):
    assert refusal(name, value) == ["Holds a NUL or a lone surrogate, which is no text."]


def test_keeps_a_character_beyond_the_basic_plane():
    assert new_log(path="/srv/\U0001f600").path == "/srv/\U0001f600"


@pytest.mark.parametrize("name", ["sha256", "sha256_before"])
def test_keeps_a_hash_in_lower_case(name):
    assert getattr(new_log(**{name: DIGEST.upper()}), name) == DIGEST


@pytest.mark.parametrize("value", ["a0", "g0" * 32, DIGEST + "a", "sha256:" + DIGEST[7:], " " * 64])
def test_refuses_a_hash_that_is_none(value):
    assert "sha256" in refusals(log_json(sha256=value))


@pytest.mark.parametrize("name", ["size_bytes", "seq"])
@pytest.mark.parametrize("value", [0, MAX_INTEGER])
def test_keeps_a_number(name, value):
    assert getattr(new_log(**{name: value}), name) == value


@pytest.mark.parametrize("name", ["size_bytes", "seq"])
@pytest.mark.parametrize("value", [-1, MAX_INTEGER + 1, 10**300, 1.0, 1e400, True, "1", [1]])
def test_refuses_a_number_that_is_none(name, value):
    assert refusal(name, value) == [f"Takes a whole number from 0 to {MAX_INTEGER}."]


@pytest.mark.parametrize(
    "text", ["0b8c1f5e-7f5c-4a0e-9d8e-3f1f6f0f2a11", "0B8C1F5E7F5C4A0E9D8E3F1F6F0F2A11"]
)
def test_reads_an_event_id(text):
    assert new_log(event_id=text).event_id == UUID("0b8c1f5e-7f5c-4a0e-9d8e-3f1f6f0f2a11")


@pytest.mark.parametrize(
    "value", ["", "7", "g" * 32, "0b8c1f5e", 7, 7.5, True, [], {}, "\ud800" * 32]
)
def test_refuses_an_event_id_that_is_none(value):
    assert refusal("event_id", value) == ["Takes a UUID."]


@pytest.mark.parametrize("value", ["", "Malware", "bad", 1, True, [], {}, ["malware"], "\x00"])
def test_refuses_an_unknown_category(value):
    assert refusal("category", value) == ["Takes one of malware, danger, suspicious, normal."]


def test_takes_the_host_of_the_record_before_the_given_one():
    assert new_log(host="db-1").host == "db-1"


@pytest.mark.parametrize("host", ["", None])
def test_takes_the_given_host_where_the_record_names_none(host):
    assert new_log(host=host).host == "node-under-test"


def test_names_every_bad_field_at_once():
    record = {"path": 1, "host": "h" * 256, "seq": -1, "timestamp": "soon", "attributes": []}

    assert refusals(record).keys() == record.keys() | {"action"}
