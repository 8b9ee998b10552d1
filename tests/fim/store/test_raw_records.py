"""Nothing of the evidence is lost: the record stays beside its log as the tool sent it."""

import json

import pytest

from fim.formats.registry import FOREIGN, FORMATS
from fim.ingest.pipeline import ingest_records
from fim.models import FimLog, RawRecord
from fim.record.fields import InvalidRecord
from fim.record.parsed import Parsed, ParsedEvent, ParsedLog
from fim.record.raw import MAX_RAW_CHARACTERS, pack_raw, unpack_raw
from fim.store.deletes import delete_logs
from tests.factories import NOON, log_json, make_log
from threats.models import Event
from users.audit.actors import SYSTEM

EVENT_ID = "0b8c1f5e-7f5c-4a0e-9d8e-3f1f6f0f2a11"


class Tripwire:
    """A tool that exists in these tests alone: `{"tripwire": {...}}`."""

    NAME = "tripwire"
    TITLE = "Tripwire"

    @staticmethod
    def recognises(record):
        return isinstance(record, dict) and "tripwire" in record

    @staticmethod
    def parse(record):
        found = record["tripwire"]
        if "missing" in found:
            raise InvalidRecord({found["missing"]: ["This record lacks it."]})
        logs = [ParsedLog(log_json(path=path), raw=path) for path in found.get("paths", [])]
        events = [ParsedEvent("ids-1", "login", "HIGH", "root", EVENT_ID)] * ("login" in found)
        return Parsed(logs or [ParsedLog(log_json())] * ("log" in found), events)


@pytest.fixture(autouse=True)
def _tripwire(monkeypatch):
    monkeypatch.setitem(FORMATS, Tripwire.NAME, Tripwire)
    monkeypatch.setattr("fim.formats.registry.FOREIGN", [*FOREIGN, Tripwire])


def take(*found, **named):
    records = [{"tripwire": each} for each in found]
    return ingest_records(records, received_at=NOON, default_host="web-1", **named)


@pytest.mark.django_db
def test_keeps_the_record_of_a_foreign_tool():
    take({"log": 1, "more": "é"})

    assert json.loads(RawRecord.objects.get().text) == {"tripwire": {"log": 1, "more": "é"}}


@pytest.mark.django_db
def test_keeps_the_piece_that_each_log_of_a_report_came_from():
    answer = take({"paths": ["/etc/a", "/etc/b"]})

    assert (answer.accepted, answer.outcomes) == (2, ["accepted"])
    assert {raw.log.path: raw.text for raw in RawRecord.objects.all()} == {
        "/etc/a": "/etc/a",
        "/etc/b": "/etc/b",
    }


@pytest.mark.django_db
def test_keeps_no_second_copy_of_pickets_own_logs():
    make_log()

    assert not RawRecord.objects.exists()


@pytest.mark.django_db
def test_deleting_a_log_deletes_its_record():
    take({"log": 1})

    delete_logs([FimLog.objects.get().pk], by=SYSTEM)

    assert not RawRecord.objects.exists()


@pytest.mark.django_db
def test_says_what_became_of_each_record():
    answer = take({"log": 1}, {}, {"login": 1}, {"missing": "path"})

    assert answer.outcomes == ["accepted", "ignored", "accepted", "rejected"]
    assert answer.as_json() == {
        "accepted": 2,
        "duplicates": 0,
        "rejected": 1,
        "ignored": 1,
        "errors": [
            {
                "index": 3,
                "code": "invalid",
                "detail": "Not valid: path.",
                "fields": {"path": ["This record lacks it."]},
            }
        ],
    }


@pytest.mark.django_db
def test_records_the_event_of_a_repeated_record_once():
    take({"login": 1})

    answer = take({"login": 1})

    assert (answer.duplicates, answer.http_status, Event.objects.get().count) == (1, 200, 1)


@pytest.mark.django_db
def test_answers_200_where_everything_is_ignored():
    assert take({}, {}).http_status == 200


@pytest.mark.django_db
def test_refuses_what_is_not_of_the_named_format(anonymous_client):
    answer = anonymous_client.post("/api/ingest/fim/tripwire/", log_json())

    assert answer.status_code == 400
    assert answer.json()["detail"] == "Has not the shape of Tripwire."


@pytest.mark.django_db
def test_answers_a_lone_record_with_the_log_that_it_is(anonymous_client):
    answer = anonymous_client.post("/api/ingest/fim/tripwire/", {"tripwire": {"log": 1}})

    assert (answer.status_code, answer.json()["path"]) == (201, "/etc/passwd")


@pytest.mark.django_db
def test_says_which_formats_there_are(anonymous_client):
    answer = anonymous_client.post("/api/ingest/fim/splunk/", log_json())

    assert (answer.status_code, "tripwire" in answer.json()["detail"]) == (404, True)


@pytest.mark.django_db
def test_refuses_an_unknown_shape_with_the_formats_and_what_is_missing(anonymous_client):
    answer = anonymous_client.post("/api/ingest/fim/", {"some": "thing"})

    fields = answer.json()["fields"]
    assert (answer.status_code, set(fields)) == (400, {"non_field_errors", "path", "action"})
    assert "Tripwire" in fields["non_field_errors"][0]


@pytest.mark.parametrize("text", ["", "a\ud800\x00é", "x" * (MAX_RAW_CHARACTERS + 1)])
def test_packs_any_text_bounded(text):
    visible = text.encode("utf-8", "backslashreplace").decode()

    assert unpack_raw(pack_raw(text)) == visible[:MAX_RAW_CHARACTERS]


@pytest.mark.django_db
def test_the_console_shows_the_record(client, admin):
    take({"log": 1, "note": "<script>"})
    client.force_login(admin)

    page = client.get(f"/admin/fim/fimlog/{FimLog.objects.get().pk}/change/").content.decode()

    assert "&lt;script&gt;" in page


@pytest.mark.django_db
@pytest.mark.parametrize(("raw", "kept"), [("as sent", ["as sent"]), (None, []), ({"a": 1}, [])])
def test_keeps_the_raw_record_in_a_line_of_an_archive(raw, kept):
    ingest_records([log_json(raw=raw)], received_at=NOON, default_host="web-1")

    assert [record.text for record in RawRecord.objects.all()] == kept


@pytest.mark.django_db
def test_answers_400_where_nothing_could_be_stored_though_something_was_ignored():
    assert take({}, {"missing": "path"}).http_status == 400
