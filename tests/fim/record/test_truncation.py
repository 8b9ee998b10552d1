"""A long or odd text in another tool's record is shown as far as it fits; it hides no change."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fim.ingest.pipeline import ingest_records
from fim.models import FimLog, RawRecord
from fim.record.fields import LIMITS, MAX_ATTRIBUTES_CHARACTERS, is_storable
from fim.record.truncation import truncate_attributes, truncate_fields, truncate_text
from tests.factories import NOON
from tests.fim.formats.mutations import fixture

TEXT = st.text(st.characters(codec=None), max_size=80)


def falco(rule="Delete shadow", output="", **fields):
    record = fixture("falco_write.json")
    named = {name.replace("__", "."): value for name, value in fields.items()}
    return record | {
        "rule": rule,
        "output": output,
        "output_fields": record["output_fields"]
        | {"evt.type": "unlink", "fd.name": "/etc/shadow"}
        | named,
    }


def take(record):
    return ingest_records([record], received_at=NOON, default_host="web-1")


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["x" * 70_000, "\0", "\ud800", "é\udce9" * 40_000, "🐟" * 20_000])
@pytest.mark.parametrize(
    "name",
    ["rule", "output", "proc__cmdline", "user__name", "proc__name", "proc__exepath"]
    + ["container__name", "evt__arg__flags"],
)
def test_no_text_of_an_alert_keeps_it_out(name, text):
    answer = take(falco(**{name: f"/{text}"}))

    assert (answer.accepted, answer.errors) == (1, [])
    assert FimLog.objects.get().path == "/etc/shadow"


@pytest.mark.django_db
def test_the_raw_record_keeps_what_is_cut():
    take(falco(proc__cmdline="rm " + "x" * 30_000))

    assert len(FimLog.objects.get().attributes["command_line"]) == 16_384
    assert "x" * 30_000 in RawRecord.objects.get().text


@pytest.mark.django_db
def test_a_path_is_not_cut():
    answer = take(falco(fd__name="/" + "x" * 5_000))

    assert list(answer.errors[0]["fields"]) == ["path"]


@pytest.mark.django_db
def test_shows_a_lone_surrogate_in_a_path():
    take(falco(fd__name="/etc/caf\udce9\ud800.conf"))

    assert FimLog.objects.get().path == "/etc/caf\\xe9\\ud800.conf"


@pytest.mark.parametrize(
    ("text", "truncated"),
    [("abcdef", "abcdef"), ("abcdefg", "abcde…"), ("\0", "\\x00"), ("a\0\0", "a\\x00…")]
    + [("é\udce9", "é\\xe9"), ("\ud800", "\\ud800"), ("\udc00", "\\udc00"), ("", "")],
)
def test_truncates_a_text(text, truncated):
    assert truncate_text(text, 6) == truncated


def test_cuts_the_longest_texts_first():
    truncated = truncate_attributes(
        {f"text_{n}": str(n) * 16_000 for n in range(6)} | {"short": "s" * 900}
    )

    assert truncated["short"] == "s" * 900
    assert {len(text) for name, text in truncated.items() if name != "short"} == {8_192}


def test_leaves_the_largest_out_where_there_are_too_many_texts():
    many = {f"name_{n}": [f"{n}" * 16] * 900 for n in range(9)}

    truncated = truncate_attributes(many | {"pid": 7})

    assert truncated["pid"] == 7
    assert 1 < len(truncated) < len(many)


def test_leaves_alone_what_fits():
    fields = {"path": "/a", "seq": 7, "attributes": {"tags": ["é"], "pid": 7}}

    assert truncate_fields(fields) == fields


@given(
    fields=st.dictionaries(st.sampled_from(sorted(LIMITS)), TEXT.map(lambda text: text * 99)),
    attributes=st.dictionaries(TEXT, TEXT | st.lists(TEXT) | st.dictionaries(TEXT, TEXT)),
)
def test_whatever_is_sent_fits(fields, attributes):
    truncated = truncate_fields(fields | {"attributes": attributes})

    for name in fields.keys() - {"path", "host"}:
        assert len(truncated[name]) <= LIMITS[name]
        assert is_storable(truncated[name])
    text = json.dumps(truncated["attributes"], ensure_ascii=False)
    assert is_storable(text)
    assert len(json.dumps(truncated["attributes"])) <= MAX_ATTRIBUTES_CHARACTERS
