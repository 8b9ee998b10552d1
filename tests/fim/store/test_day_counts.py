"""The day counts go with the rows, whatever is stored and deleted, whenever it happened."""

from datetime import date

import pytest

from fim.models import DayCount, FimLog
from fim.store.counts import recount
from fim.store.deletes import delete_logs
from fim.store.write import store_logs
from tests.factories import make_log, new_log
from users.audit.actors import SYSTEM

pytestmark = pytest.mark.django_db


def counts():
    return {
        (f"{row.day}", row.host, row.category): row.count
        for row in DayCount.objects.exclude(count=0)
    }


def test_counts_by_day_host_and_category():
    store_logs(
        [new_log(), new_log(category="danger"), new_log(host="web-2")]
        + [new_log(timestamp="2026-03-13T23:59:59Z"), new_log(timestamp="2026-03-14T00:00:00Z")]
    )

    assert counts() == {
        ("2026-03-13", "web-1", "normal"): 1,
        ("2026-03-14", "web-1", "normal"): 2,
        ("2026-03-14", "web-1", "danger"): 1,
        ("2026-03-14", "web-2", "normal"): 1,
    }


@pytest.mark.parametrize(
    ("zone", "timestamp", "day"),
    [
        ("Asia/Jakarta", "2026-03-14T16:59:59Z", "2026-03-14"),
        ("Asia/Jakarta", "2026-03-13T17:00:00Z", "2026-03-14"),
        ("America/New_York", "2026-03-08T03:59:59-04:00", "2026-03-08"),
        ("America/New_York", "2026-03-09T03:59:59Z", "2026-03-08"),
        ("America/New_York", "2025-11-03T04:59:59Z", "2025-11-02"),
        ("America/New_York", "1970-01-01T00:00:00Z", "1969-12-31"),
    ],
)
def test_counts_a_day_of_the_nodes_time_zone(settings, zone, timestamp, day):
    settings.TIME_ZONE = zone

    make_log(timestamp=timestamp)

    assert counts() == {(day, "web-1", "normal"): 1}


def test_counts_a_late_log_on_its_own_day():
    make_log()

    make_log(timestamp="2024-02-29T12:00:00Z")

    assert DayCount.objects.get(day=date(2024, 2, 29)).count == 1


def test_counts_many_hosts_in_one_batch():
    store_logs([new_log(host=f"web-{number % 700}") for number in range(1400)])

    assert set(DayCount.objects.values_list("count", flat=True)) == {2}
    assert DayCount.objects.count() == 700


def test_follows_deletes():
    keep = make_log()
    gone = [make_log(), make_log(category="malware"), make_log(timestamp="2026-01-01")]

    assert delete_logs([log.pk for log in gone], by=SYSTEM) == 3
    assert counts() == {("2026-03-14", "web-1", "normal"): 1}
    assert FimLog.objects.get() == keep


def test_deletes_each_log_once():
    log = make_log()

    assert delete_logs([log.pk, log.pk, log.pk + 1], by=SYSTEM) == 1
    assert delete_logs([log.pk], by=SYSTEM) == 0
    assert counts() == {}


def test_deletes_all_or_none(monkeypatch):
    log = make_log()

    def fail(counts):
        raise RuntimeError

    monkeypatch.setattr("fim.store.deletes.subtract_counts", fail)

    with pytest.raises(RuntimeError):
        delete_logs([log.pk], by=SYSTEM)
    assert FimLog.objects.filter(pk=log.pk).exists()


def test_does_not_fall_below_zero_after_drift():
    log = make_log()
    DayCount.objects.update(count=0)

    delete_logs([log.pk], by=SYSTEM)

    assert DayCount.objects.get().count == 0


def test_recounts_nothing_on_an_empty_node():
    assert (recount().days, recount().drifted) == (0, 0)


def test_finds_no_drift_where_there_is_none():
    store_logs([new_log(), new_log(category="malware"), new_log(timestamp="1999-12-31")])

    result = recount()

    assert (result.days, result.drifted) == (2, 0)


@pytest.mark.parametrize(
    ("drift", "counts_wrong"),
    [
        (lambda: DayCount.objects.filter(category="normal").update(count=7), 1),
        (lambda: DayCount.objects.filter(category="normal").delete(), 1),
        (lambda: make_count(day="2026-03-14"), 1),
        (lambda: make_count(day="2020-01-01"), 1),
        # Its day's and its hour's.
        (lambda: FimLog.objects.filter(category="malware").delete(), 2),
    ],
)
def test_repairs_a_drifted_count(drift, counts_wrong):
    store_logs([new_log(), new_log(), new_log(category="malware")])
    drift()

    assert recount().drifted == counts_wrong
    assert sum(counts().values()) == FimLog.objects.count()
    assert recount().drifted == 0


def make_count(day):
    DayCount.objects.create(day=day, host="x", category="danger", count=1)


def test_moves_counts_to_the_days_of_another_time_zone(settings):
    make_log(timestamp="2026-03-13T20:00:00Z")
    settings.TIME_ZONE = "Asia/Jakarta"

    result = recount()

    # The day's and the hour's that it was, and those that it is.
    assert (result.days, result.drifted) == (2, 4)
    assert counts() == {("2026-03-14", "web-1", "normal"): 1}
