"""`manage.py prune` deletes old logs, little by little, and gives their space back."""

import os
import time
from io import StringIO
from types import SimpleNamespace

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.core.management.base import OutputWrapper
from django.db import connection

from fim.models import DayCount, FimLog, RawRecord
from fim.retention import prune as retention
from fim.store.counts import recount
from fim.store.dialect import dialect
from fim.store.write import store_logs
from tests.factories import NOON, make_log, new_log
from threats.models import Alert, Event

# PostgreSQL's VACUUM runs outside of transactions.
pytestmark = pytest.mark.django_db(transaction=True)

OLD = "2026-03-01T11:59:59Z"


@pytest.fixture(autouse=True)
def _at_noon(monkeypatch):
    """It is noon, and nobody rests."""
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    with time_machine.travel(NOON, tick=False):
        yield


def prune(*options):
    out = StringIO()
    call_command("prune", "--older-than-days", "13", *options, stdout=out)
    return out.getvalue()


def paths():
    return {log.path for log in FimLog.objects.all()}


def store_old(count, **fields):
    store_logs([new_log(timestamp=OLD, path=f"/{n}", **fields) for n in range(count)])


def test_deletes_logs_whose_timestamp_is_older():
    make_log(path="/old", timestamp=OLD)
    make_log(path="/young", timestamp="2026-03-01T12:00:00Z")

    assert prune().startswith("Deleted 1 logs from before 2026-03-01T12:00:00Z; ")
    assert paths() == {"/young"}


def test_takes_them_from_the_day_counts():
    make_log()
    store_old(5)

    prune("--batch-size", "2")

    assert recount().drifted == 0
    assert sum(DayCount.objects.values_list("count", flat=True)) == 1


def test_takes_raw_records_along():
    log = make_log(timestamp=OLD)
    RawRecord.objects.create(log=log, content=b"")

    prune()

    assert not RawRecord.objects.exists()


def test_deletes_the_named_categories_alone():
    for category in ("malware", "danger", "suspicious", "normal"):
        make_log(path=f"/{category}", category=category, timestamp=OLD)

    prune("--category", "normal", "--category", "suspicious")

    assert paths() == {"/malware", "/danger"}


def test_leaves_events_and_alerts():
    make_log(category="malware", timestamp=OLD)

    prune()

    assert (FimLog.objects.count(), Event.objects.count(), Alert.objects.count()) == (0, 1, 1)


def test_only_says_how_many_there_are_in_a_dry_run():
    store_old(3)
    make_log(timestamp=OLD, category="danger")

    said = prune("--dry-run", "--category", "normal")

    assert said == "Would delete 3 logs from before 2026-03-01T12:00:00Z.\n"
    assert FimLog.objects.count() == 4


def test_may_be_repeated():
    store_old(3)

    assert "Deleted 3 logs" in prune()
    assert "Deleted 0 logs" in prune()


def test_keeps_what_it_did_where_it_is_stopped(monkeypatch):
    store_old(5)
    deleting = retention.delete_logs
    monkeypatch.setattr(retention, "delete_logs", lambda ids, **by: deleting(ids, **by) and 1 / 0)

    with pytest.raises(ZeroDivisionError):
        prune("--batch-size", "2")

    assert paths() == {"/2", "/3", "/4"}
    assert recount().drifted == 0


def test_rests_between_batches_for_as_long_as_each_took(monkeypatch):
    store_old(5)
    clock, rests = iter(range(0, 1_000, 3)), []
    fake = SimpleNamespace(monotonic=lambda: next(clock), sleep=rests.append)
    monkeypatch.setattr(retention, "time", fake)

    retention.prune_logs(FimLog.objects.all(), batch_size=2)

    assert rests == [3, 3, 3]


def test_leaves_what_is_stored_meanwhile(monkeypatch):
    store_old(5)
    monkeypatch.setattr(retention.time, "sleep", lambda seconds: make_log(path="/new"))

    assert "Deleted 5 logs" in prune("--batch-size", "2")
    assert paths() == {"/new"}
    assert recount().drifted == 0


# Each database gives space back in a way of its own; the suite runs on both.
if connection.vendor == "sqlite":

    def test_gives_the_space_back():
        store_old(500, full_log="x" * 20_000)
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        file = connection.settings_dict["NAME"]
        before = os.path.getsize(file)

        said = prune()

        assert before - os.path.getsize(file) > 9_000_000
        assert float(said.split("; ")[1].split()[0]) > 9

    def test_frees_many_pages_a_step(django_assert_max_num_queries):
        store_old(500, full_log="x" * 20_000)
        FimLog.objects.all().delete()

        # More than 2,000 pages, 500 a step of two queries.
        with django_assert_max_num_queries(20):
            dialect.reclaim_space()

else:

    def test_gives_the_space_back():
        store_old(2_000, full_log=os.urandom(500).hex())

        said = prune()

        assert float(said.split("; ")[1].split()[0]) > 1


def test_draws_a_bar_on_a_terminal_alone():
    store_old(4)
    terminal = StringIO()
    terminal.isatty = lambda: True

    options = ["--older-than-days", "13", "--batch-size", "2"]
    call_command("prune", *options, stdout=OutputWrapper(terminal))

    assert f"[{'#' * 15}{' ' * 15}]  50% deleted" in terminal.getvalue()
    assert "#" not in prune()


@pytest.mark.parametrize("days", ["0", "-1", "1.5", "x", "", "36501", "9" * 5_000])
def test_refuses_days_that_are_none(days):
    with pytest.raises(CommandError, match="no whole number from 1 to 36500"):
        call_command("prune", f"--older-than-days={days}")


def test_asks_how_old():
    with pytest.raises(CommandError, match="--older-than-days"):
        call_command("prune")
