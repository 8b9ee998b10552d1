"""Clients that post at once: each log is stored once, counted once, and all are answered."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from rest_framework.test import APIClient

from fim.models import DayCount, FimLog
from fim.store import deletes
from fim.store.counts import recount
from fim.store.deletes import delete_logs
from fim.store.write import store_logs
from tests.factories import log_json, make_log, new_log
from tests.patience import PATIENCE_SECONDS
from tests.threats.parallel import held_up
from threats.models import Alert
from users.audit.actors import SYSTEM

pytestmark = pytest.mark.django_db(transaction=True)

URL = "/api/ingest/fim/"
CLIENTS = 6
CATEGORIES = ("malware", "danger", "suspicious", "normal")


SLOW_ROWS = """
CREATE FUNCTION dawdle() RETURNS trigger AS $$ BEGIN
    PERFORM pg_sleep(0.005);
    RETURN coalesce(NEW, OLD);
END $$ LANGUAGE plpgsql;
CREATE TRIGGER dawdle_in BEFORE INSERT ON fim_fimlog
    FOR EACH ROW WHEN (NEW.path LIKE '/slow%') EXECUTE FUNCTION dawdle();
CREATE TRIGGER dawdle_out BEFORE DELETE ON fim_fimlog
    FOR EACH ROW WHEN (OLD.path LIKE '/slow%') EXECUTE FUNCTION dawdle()
"""


@pytest.fixture
def slow_rows():
    """Let PostgreSQL take its time for each row, so that writers surely meet; SQLite has one."""
    is_postgres = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        cursor.execute(SLOW_ROWS if is_postgres else "SELECT 1")
        yield
        cursor.execute("DROP FUNCTION dawdle CASCADE" if is_postgres else "SELECT 1")


def in_parallel(*acts):
    """Begin all at once, each on a connection of its own; return what each gave."""
    barrier = Barrier(len(acts))

    def run(act):
        try:
            barrier.wait(timeout=PATIENCE_SECONDS)
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def post(body):
    return lambda: APIClient().post(URL, body)


def batch(numbers, *, directory="/srv"):
    return [
        log_json(
            path=f"{directory}/{number % 7}",
            category=CATEGORIES[number % 4],
            event_id=f"00000000-0000-4000-8000-{number:012}",
        )
        for number in numbers
    ]


def assert_counts_equal_rows(rows):
    assert FimLog.objects.count() == rows
    assert sum(DayCount.objects.values_list("count", flat=True)) == rows
    assert recount().drifted == 0


def test_stores_one_event_id_of_many_clients_once():
    answers = in_parallel(*[post(batch([1])[0])] * CLIENTS)

    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: CLIENTS - 1}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert_counts_equal_rows(1)


def test_stores_the_same_batch_of_many_clients_once():
    answers = in_parallel(*[post(batch(range(60)))] * CLIENTS)

    assert sum(answer.json()["accepted"] for answer in answers) == 60
    assert sum(answer.json()["duplicates"] for answer in answers) == 60 * (CLIENTS - 1)
    assert_counts_equal_rows(60)


@pytest.mark.usefixtures("slow_rows")
def test_lets_no_batches_wait_for_each_other_in_a_ring():
    numbers = range(60)
    orders = [numbers, numbers[::-1], [*numbers[30:], *numbers[:30]]]

    answers = in_parallel(*[post(batch(order, directory="/slow")) for order in orders])

    assert {answer.status_code for answer in answers} == {200, 201}
    assert sum(answer.json()["accepted"] for answer in answers) == 60
    assert_counts_equal_rows(60)


def test_raises_one_alert_for_malware_that_many_report():
    answers = in_parallel(*[post(log_json(category="malware"))] * CLIENTS)

    assert {answer.status_code for answer in answers} == {201}
    assert Alert.objects.get().event.count == CLIENTS
    assert_counts_equal_rows(CLIENTS)


def test_recounts_rightly_while_logs_come_in():
    def post_and_recount(number):
        def act():
            for _ in range(5):
                post(batch(range(number * 100, number * 100 + 20)) + [log_json()])()
                recount()

        return act

    in_parallel(*[post_and_recount(number) for number in range(4)])

    assert_counts_equal_rows(4 * (20 + 5))


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer")
def test_a_recount_waits_for_logs_that_are_on_their_way():
    make_log()
    DayCount.objects.update(count=5)

    held_up(lambda: store_logs([new_log()]), recount, is_undone=False)

    assert_counts_equal_rows(2)


def test_deletes_each_log_once_however_many_ask():
    ids = [make_log(path=f"/srv/{number}").pk for number in range(600)]

    deleted = in_parallel(
        lambda: delete_logs(ids, by=SYSTEM),
        lambda: delete_logs(ids[550:], by=SYSTEM),
        lambda: delete_logs(ids[:50], by=SYSTEM),
        lambda: delete_logs(ids[::2], by=SYSTEM),
    )

    assert sum(deleted) == 600
    assert_counts_equal_rows(0)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer")
def test_a_deletion_waits_for_one_of_the_same_log():
    log, _ = make_log(), make_log()
    deleted = []

    held_up(
        lambda: delete_logs([log.pk], by=SYSTEM),
        lambda: deleted.append(delete_logs([log.pk], by=SYSTEM)),
        is_undone=False,
    )

    assert deleted == [0]
    assert_counts_equal_rows(1)


@pytest.mark.usefixtures("slow_rows")
def test_lets_no_deletions_wait_for_each_other_in_a_ring(monkeypatch):
    monkeypatch.setattr(deletes, "IDS_PER_STATEMENT", 10)
    quick = [make_log(path=f"/quick/{number}").pk for number in range(10)]
    slow = [make_log(path=f"/slow/{number}").pk for number in range(10)]

    deleted = in_parallel(
        lambda: delete_logs(quick + slow, by=SYSTEM), lambda: delete_logs(slow, by=SYSTEM)
    )

    assert sum(deleted) == 20
    assert_counts_equal_rows(0)


def test_deletes_rightly_while_logs_come_in():
    ids = [make_log(path=f"/srv/{number}").pk for number in range(40)]

    in_parallel(
        *[post(batch(range(30)))] * 2,
        lambda: delete_logs(ids[:30], by=SYSTEM),
        lambda: delete_logs(ids, by=SYSTEM),
    )

    assert_counts_equal_rows(30)
