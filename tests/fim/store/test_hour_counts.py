"""The hour counts go with the logs as the day counts do."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test.utils import CaptureQueriesContext

from fim.models import FimLog, HourCount
from fim.store.counts import recount
from fim.store.deletes import delete_logs
from fim.store.write import store_logs
from tests.factories import make_log, new_log
from users.audit.actors import SYSTEM

pytestmark = pytest.mark.django_db


def counts():
    return {
        (f"{row.day} {row.hour}", row.category): row.count
        for row in HourCount.objects.exclude(count=0)
    }


def test_counts_by_hour_and_category_over_all_hosts():
    store_logs(
        [new_log(), new_log(host="web-2"), new_log(category="danger")]
        + [new_log(timestamp="2026-03-14T11:00:00Z"), new_log(timestamp="2026-03-14T10:59:59Z")]
    )

    assert counts() == {
        ("2026-03-14 12", "normal"): 2,
        ("2026-03-14 12", "danger"): 1,
        ("2026-03-14 11", "normal"): 1,
        ("2026-03-14 10", "normal"): 1,
    }


def test_counts_an_hour_of_the_nodes_time_zone(settings):
    settings.TIME_ZONE = "Asia/Kathmandu"

    make_log(timestamp="2026-03-13T18:15:00Z")

    assert counts() == {("2026-03-14 0", "normal"): 1}


def test_follows_deletes():
    make_log()
    gone = [make_log(), make_log(category="malware"), make_log(timestamp="2026-01-01")]

    delete_logs([log.pk for log in gone], by=SYSTEM)

    assert counts() == {("2026-03-14 12", "normal"): 1}


def test_does_not_fall_below_zero_after_drift():
    log = make_log()
    HourCount.objects.update(count=0)

    delete_logs([log.pk], by=SYSTEM)

    assert HourCount.objects.get().count == 0


@pytest.mark.parametrize(
    "drift",
    [
        lambda: HourCount.objects.filter(category="normal").update(count=7),
        lambda: HourCount.objects.filter(category="normal").delete(),
        lambda: HourCount.objects.create(day="2020-01-01", hour=1, category="danger", count=1),
    ],
)
def test_repairs_a_drifted_count(drift):
    store_logs([new_log(), new_log(), new_log(category="malware")])
    drift()

    assert recount().drifted == 1
    assert counts() == {("2026-03-14 12", "normal"): 2, ("2026-03-14 12", "malware"): 1}
    assert recount().drifted == 0


def test_adds_one_statement_to_a_commit():
    logs = [new_log(timestamp=f"2026-03-14T{hour:02}:00:00Z") for hour in range(24)]

    with CaptureQueriesContext(connection) as queries:
        store_logs(logs)

    assert sum("fim_hourcount" in query["sql"] for query in queries) == 1


@pytest.fixture
def migrate(transactional_db):
    """Bring fim to one of its migrations; at the end it is at its last again, for other tests."""

    def to(*targets):
        MigrationExecutor(connection).migrate(list(targets))

    yield to
    to(*MigrationExecutor(connection).loader.graph.leaf_nodes("fim"))


def test_the_migration_counts_what_is_stored(migrate, settings):
    settings.TIME_ZONE = "America/New_York"
    store_logs([new_log(), new_log(category="malware"), new_log(timestamp="2025-11-02T05:30:00Z")])
    migrate(("fim", "0004_hosts"))

    migrate(("fim", "0005_hour_counts"))

    assert FimLog.objects.count() == sum(counts().values()) == 3
    assert recount().drifted == 0
