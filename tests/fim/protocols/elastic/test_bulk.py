"""A stock output's exchange over `_bulk`."""

import pytest
from django.db import OperationalError

from fim.models import FimLog
from tests.fim.protocols.elastic.exchange import (
    BEAT_QUERY,
    created,
    document,
    lines,
    post_bulk,
    statuses,
)
from threats.models import Alert, Event

pytestmark = pytest.mark.django_db


def items_of(answer):
    return [body for item in answer.json()["items"] for body in item.values()]


def test_stores_what_a_beat_sends(client):
    body = created(document(), document("auditbeat_old.json"))

    answer = post_bulk(client, body, path="/elastic/_bulk" + BEAT_QUERY, packed=True)

    assert answer.status_code == 200
    assert answer["X-Elastic-Product"] == "Elasticsearch"
    assert answer.json()["errors"] is False
    assert answer.json()["items"][0] == {
        "create": {"_index": "auditbeat-8.13.2", "_id": None, "status": 201, "result": "created"}
    }
    assert set(FimLog.objects.values_list("host", "path", "action", "source")) == {
        ("shop-2.example.net", "/etc/nginx/sites/shop.conf", "modified", "auditbeat"),
        ("mail.example.net", "/Users/marco/Library/notes.txt", "created", "auditbeat"),
    }


def test_answers_a_repeat_with_200_and_stores_nothing(client):
    body = created(document())

    answers = [post_bulk(client, body) for _ in range(2)]

    assert [statuses(answer) for answer in answers] == [[201], [200]]
    assert answers[1].json()["errors"] is False
    assert FimLog.objects.count() == 1


def test_takes_documents_of_any_known_format(client):
    body = created(
        document("elastic_defend_rename.json"),
        document("ecs_dotted.json"),
        {"path": "/etc/motd", "action": "modified", "host": "web-1"},
    )

    assert statuses(post_bulk(client, body)) == [201, 201, 201]


def test_a_malware_alert_raises_an_alert(client):
    answer = post_bulk(client, created(document("elastic_defend_malware.json")))

    assert statuses(answer) == [201]
    assert FimLog.objects.get().category == "malware"
    assert Alert.objects.get().event.event_type == "fim.malware"


def test_an_alert_without_a_file_is_an_event(client):
    body = created(document("elastic_defend_behavior.json"))

    assert [statuses(post_bulk(client, body)) for _ in range(2)] == [[201], [200]]
    assert Event.objects.get().event_type == "endpoint.behavior"


def test_has_nothing_to_store_of_a_baseline(client):
    answer = post_bulk(client, created(document("auditbeat_baseline.json")))

    assert (statuses(answer), answer.json()["errors"]) == ([200], False)
    assert not FimLog.objects.exists()


def test_refuses_bad_documents_by_their_place_and_stores_the_others(client):
    bad = document(file={"size": 3})
    body = created(document(), {"message": "hello"}, bad, document("auditbeat_old.json"))

    answer = post_bulk(client, body)

    assert (answer.status_code, answer.json()["errors"]) == (200, True)
    assert statuses(answer) == [201, 400, 400, 201]
    errors = [item["error"] for item in items_of(answer) if "error" in item]
    assert {error["type"] for error in errors} == {"mapper_parsing_exception"}
    assert errors[0]["reason"].startswith("Has the shape of no known format")
    assert "file.path is missing" in errors[1]["reason"]
    assert FimLog.objects.count() == 2


def test_says_errors_as_vector_looks_for_them(client):
    answer = post_bulk(client, created({}), content_type="application/x-ndjson")

    assert b'"errors":true' in answer.content


def test_names_the_index_and_the_id_of_each_item(client):
    action = {"index": {"_id": "7"}}
    body = lines(action, document()) + lines({"index": {"_index": "own"}}, {})

    answer = post_bulk(client, body, path="/elastic/logs-fim/_bulk")

    told = [(item["_index"], item["_id"]) for item in items_of(answer)]
    assert told == [("logs-fim", "7"), ("own", None)]
    assert list(answer.json()["items"][0]) == ["index"]


def test_refuses_updates_and_deletions(client):
    body = lines({"update": {"_id": "1"}}, {"doc": {}}, {"delete": {"_id": "1"}})
    body += created(document())

    answer = post_bulk(client, body)

    assert statuses(answer) == [400, 400, 201]
    assert [list(item) for item in answer.json()["items"]] == [["update"], ["delete"], ["create"]]
    assert items_of(answer)[0]["error"]["type"] == "illegal_argument_exception"


def test_takes_the_host_of_hostless_records_from_the_url(client):
    body = created(document("auditbeat_etw.json"))

    post_bulk(client, body, path="/elastic/_bulk?host=ws-12")

    assert FimLog.objects.get().host == "ws-12"


def test_keeps_the_document_beside_the_log(client):
    post_bulk(client, created(document()))

    assert "service" in FimLog.objects.get().raw_record.text


def test_says_503_for_the_whole_where_nothing_could_be_stored(client, monkeypatch):
    def fail(*args, **kwargs):
        raise OperationalError("database is locked")

    monkeypatch.setattr("fim.protocols.elastic.views.ingest_records", fail)

    answer = post_bulk(client, created(document()))

    assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
    assert answer.json()["error"]["type"] == "unavailable_shards_exception"
    assert (answer["Retry-After"], answer["X-Elastic-Product"]) == ("5", "Elasticsearch")


def test_costs_as_many_queries_for_fifty_documents_as_for_two(
    client, django_assert_max_num_queries
):
    documents = [document(tags=[str(i)]) | {"host": {"id": str(i)}} for i in range(50)]

    with django_assert_max_num_queries(80):
        post_bulk(client, created(*documents))


def test_shows_a_byte_of_a_file_name_that_is_no_utf8(client):
    body = created(document()).replace(document()["file"]["path"].encode(), b"/srv/caf\xe9.conf")

    post_bulk(client, body)

    assert FimLog.objects.get().path == r"/srv/caf\xe9.conf"
