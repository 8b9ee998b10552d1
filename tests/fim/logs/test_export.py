"""GET /api/logs/export/: all logs as NDJSON or CSV, streamed."""

import csv
import gzip
import io
import json
import tracemalloc
from datetime import timedelta

import pytest
import time_machine
from django.db import OperationalError

from fim.logs import export
from fim.logs.export import join_lines, ndjson_lines, read_batches, rows_of
from fim.models import FimLog
from fim.store.deletes import delete_logs
from fim.store.write import store_logs
from tests.factories import NOON, make_log, new_log
from users.audit.actors import SYSTEM

pytestmark = pytest.mark.django_db

URL = "/api/logs/export/"


@pytest.fixture
def paths(analyst_client):
    """Return the paths that the export has for a query, in its order."""

    def paths(**query):
        answer = analyst_client.get(URL, query)
        assert answer.status_code == 200
        return [json.loads(line)["path"] for line in answer.getvalue().splitlines()]

    return paths


@pytest.fixture
def small_batches(monkeypatch):
    """Let a few logs be many batches and many pieces."""
    monkeypatch.setattr(export.read_batches, "__kwdefaults__", {"newest_first": True, "size": 2})
    monkeypatch.setattr(export, "CHUNK_CHARACTERS", 1)


def read_csv(answer):
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode(), newline="")))


def store(count, **fields):
    return store_logs([new_log(path=f"/{number}", **fields) for number in range(count)]).logs


def test_has_the_logs_of_the_list_in_its_fields_and_order(analyst_client, small_batches):
    store(5)
    make_log(path="/ä", timestamp="2026-03-14T09:00:00Z", attributes={"pid": 7})

    answer = analyst_client.get(URL)

    rows = [json.loads(line) for line in answer.getvalue().splitlines()]
    assert rows == analyst_client.get("/api/logs/").json()["results"]
    assert answer["Content-Type"] == "application/x-ndjson"


def test_is_a_file_with_a_name(analyst_client):
    with time_machine.travel(NOON, tick=False):
        answer = analyst_client.get(URL, {"format": "csv"})

    expected = 'attachment; filename="picket-logs-20260314T120000Z.csv"'
    assert answer["Content-Disposition"] == expected


def test_has_no_line_where_there_is_no_log(analyst_client):
    assert analyst_client.get(URL).getvalue() == b""


def test_keeps_to_a_log_a_line_whatever_a_text_holds(analyst_client):
    make_log(full_log="a\r\nb\u2028c")

    (line,) = analyst_client.get(URL).getvalue().decode().splitlines()

    assert json.loads(line)["full_log"] == "a\r\nb\u2028c"


# Filters.


@pytest.mark.parametrize(
    "query",
    [
        {"status": "malware"},
        {"host": "web-2"},
        {"action": ["deleted", "created"]},
        {"timestamp_after": "2026-03-14T12:00:00Z"},
        {"timestamp_before": "2026-03-14T13:00:01Z", "host": "web-2"},
        {"search": "wanted"},
    ],
)
def test_filters_as_the_list_does(paths, small_batches, query):
    for action in ("created", "deleted"):
        store(3, host="web-9", action="modified", timestamp="2026-03-14T11:00:00Z")
        fields = {"host": "web-2", "user": "Wanted", "category": "malware"}
        make_log(path=f"/{action}", action=action, timestamp="2026-03-14T13:00:00Z", **fields)

    assert paths(**query) == ["/deleted", "/created"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("format", "xlsx"), ("format", "json"), ("status", "bad"), ("timestamp_after", "soon")],
)
@pytest.mark.parametrize("accept", ["*/*", "text/csv", "application/x-ndjson"])
def test_refuses_a_bad_parameter_in_json(analyst_client, name, value, accept):
    answer = analyst_client.get(URL, {name: value}, headers={"accept": accept})

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert list(answer.json()["fields"]) == [name]


# CSV.


def test_writes_csv_with_a_header_and_every_field(analyst_client):
    make_log(size_bytes=5, attributes={"pid": 7}, full_log='a "b", c\r\nd')

    answer = analyst_client.get(URL, {"format": "csv"})

    (row,) = read_csv(answer)
    shown = analyst_client.get("/api/logs/").json()["results"][0]
    assert list(row) == list(shown)
    assert (row["size_bytes"], row["seq"], row["event_id"]) == ("5", "", "")
    assert (json.loads(row["attributes"]), row["full_log"]) == ({"pid": 7}, shown["full_log"])
    assert answer["Content-Type"] == "text/csv; charset=utf-8; header=present"


def test_writes_the_header_where_there_is_no_log(analyst_client):
    assert analyst_client.get(URL, {"format": "csv"}).getvalue().startswith(b"id,event_id,")


@pytest.mark.parametrize("first", [*"=+-@\t\r\n＝＋－＠'"])
def test_lets_no_cell_be_a_formula(analyst_client, first):
    text = f"{first}cmd|' /C calc'!A0"
    make_log(path=text, rule=text, attributes={"=1": text})

    (row,) = read_csv(analyst_client.get(URL, {"format": "csv"}))

    assert row["path"] == row["rule"] == f"'{text}"
    assert row["attributes"].startswith("{")


# Who may.


def test_asks_who_reads(anonymous_client):
    answer = anonymous_client.get(URL)

    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


def test_shows_nothing_to_a_key(agent_client):
    assert agent_client.get(URL).status_code == 403


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_takes_no_writes(admin_client, method):
    assert getattr(admin_client, method)(URL).status_code == 405


def test_counts_as_a_read(analyst_client, settings):
    rates = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] | {"read": "1/day"}
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"DEFAULT_THROTTLE_RATES": rates}

    assert analyst_client.get(URL).status_code == 200
    assert analyst_client.get(URL).status_code == 429


# How it is sent.


def test_is_gzip_where_the_client_takes_it(analyst_client, small_batches):
    store(5)

    plain = analyst_client.get(URL)
    packed = analyst_client.get(URL, headers={"accept-encoding": "gzip"})

    assert (packed["Content-Encoding"], plain["Vary"]) == ("gzip", packed["Vary"])
    assert gzip.decompress(packed.getvalue()) == plain.getvalue()


def test_answers_503_where_the_database_is_away(analyst_client, monkeypatch):
    def is_away(*args, **kwargs):
        raise OperationalError("away")
        yield

    monkeypatch.setattr("fim.logs.views.read_batches", is_away)

    answer = analyst_client.get(URL)

    assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")


@pytest.fixture
def broken(analyst_client, monkeypatch, small_batches):
    """Return the answer to a request, of whose logs only the first batch can be read."""

    def breaks(logs):
        yield next(read_batches(logs))
        raise OperationalError("gone")

    def broken(**headers):
        store(5)
        return analyst_client.get(URL, headers=headers)

    monkeypatch.setattr("fim.logs.views.read_batches", breaks)
    return broken


def test_breaks_off_where_an_error_comes_between(broken):
    answer = broken()

    pieces = iter(answer.streaming_content)
    assert [json.loads(next(pieces))["path"] for _ in range(2)] == ["/4", "/3"]
    with pytest.raises(OperationalError):
        next(pieces)


def test_gives_no_end_to_gzip_that_breaks_off(broken):
    received = []
    with pytest.raises(OperationalError):
        received.extend(broken(**{"accept-encoding": "gzip"}).streaming_content)

    with pytest.raises(EOFError):
        gzip.decompress(b"".join(received))


# Order and completeness.


def pks(batches):
    return [log.pk for batch in batches for log in batch]


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_reads_every_log_once_whatever_the_batches(newest_first, size):
    for minute in (3, 1, 2):
        store(4, timestamp=f"2026-03-14T09:0{minute}:00.{minute}Z")
    store(4, timestamp="2026-03-14T09:01:00Z")

    found = pks(read_batches(FimLog.objects.all(), newest_first=newest_first, size=size))

    order = FimLog.objects.newest() if newest_first else FimLog.objects.newest().reverse()
    assert found == [log.pk for log in order]


@pytest.mark.parametrize("newest_first", [True, False])
def test_reads_every_log_once_while_others_come_and_go(newest_first):
    moments = [(NOON + timedelta(seconds=number // 3)).isoformat() for number in range(21)]
    logs = [make_log(timestamp=moment).pk for moment in moments]
    found, doomed = [], logs[::4]

    for batch in read_batches(FimLog.objects.all(), newest_first=newest_first, size=2):
        found += [log.pk for log in batch]
        delete_logs([found[0], *doomed[:1]], by=SYSTEM)
        if doomed:
            doomed = doomed[1:]
            make_log(timestamp=moments[len(doomed) * 4])

    assert len(found) == len(set(found))
    assert set(logs) - set(logs[::4]) <= set(found)


def test_ends_however_fast_newer_logs_come():
    store(6)

    batches = 0
    for _ in read_batches(FimLog.objects.all(), size=2):
        batches += 1
        store(3, timestamp="2026-03-14T13:00:00Z")

    assert batches <= 4


@pytest.mark.parametrize("logs", [4, 40])
def test_costs_up_to_two_queries_a_batch(django_assert_num_queries, logs):
    store(logs)

    # All of one moment: one query a batch, and two that find no more.
    with django_assert_num_queries(logs // 4 + 2):
        pks(read_batches(FimLog.objects.all(), size=4))


def test_holds_a_bounded_part_of_many_logs():
    def peak_bytes(logs):
        tracemalloc.start()
        for _ in join_lines(ndjson_lines(rows_of(read_batches(logs)))):
            pass
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    for _ in range(4):
        stored = store(5_000)
    few = peak_bytes(FimLog.objects.filter(pk__gt=stored[-1].id - 1_000))
    many = peak_bytes(FimLog.objects.all())

    assert many < 1.5 * few
    assert many < 8_000_000
