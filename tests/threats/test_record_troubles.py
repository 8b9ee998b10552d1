"""Many troubles at once come to what `record_event` makes of each."""

import pytest

from tests.factories import ALMA, event_json
from tests.threats.parallel import at_once
from threats.models import Alert, Event, Status
from threats.services import record_event, resolve_alert
from threats.troubles import record_troubles

pytestmark = pytest.mark.django_db


def troubles(*keys, **fields):
    return [
        event_json(**({"severity": "HIGH", "count": 1} | fields), dedup_key=key) for key in keys
    ]


def counts():
    return dict(Event.objects.values_list("dedup_key", "count"))


def test_opens_an_alert_for_each_new_trouble():
    record_troubles(troubles("a", "b", count=3))

    assert counts() == {"a": 3, "b": 3}
    assert set(Alert.objects.values_list("dedup_key", "status")) == {("a", "OPEN"), ("b", "OPEN")}


def test_counts_known_troubles_and_opens_the_others():
    first = record_event(**troubles("a")[0]).event

    record_troubles(troubles("a", "b", count=2))

    assert counts() == {"a": 3, "b": 2}
    assert Event.objects.get(pk=first.pk).last_seen_at > first.last_seen_at


def test_opens_a_new_alert_after_the_old_one_was_resolved():
    record_troubles(troubles("a", "b"))
    resolve_alert(Alert.objects.get(dedup_key="a"), by=ALMA)

    record_troubles(troubles("a", "b"))

    assert Alert.objects.filter(dedup_key="a").count() == 2
    assert Alert.objects.exclude(status=Status.RESOLVED).count() == 2


def row_of(row):
    own = ("id", "event_id", "dedup_key", "timestamp", "last_seen_at", "created_at")
    return {name: value for name, value in vars(row).items() if name not in own and name[0] != "_"}


def test_stores_the_rows_that_a_single_event_has():
    record_troubles(troubles("many"))
    record_event(**troubles("one")[0])

    many, one = Event.objects.get(dedup_key="many"), Event.objects.get(dedup_key="one")
    assert row_of(many) == row_of(one)
    assert row_of(many.alert) == row_of(one.alert)
    assert many.timestamp == many.last_seen_at == many.alert.created_at


def test_costs_the_same_few_queries_for_many(django_assert_max_num_queries):
    record_troubles(troubles(*(f"old-{n}" for n in range(100))))

    with django_assert_max_num_queries(12):
        record_troubles(troubles(*(f"{age}-{n}" for age in ("old", "new") for n in range(100))))

    assert Alert.objects.count() == 200


@pytest.mark.django_db(transaction=True)
def test_parallel_batches_open_one_alert_a_trouble():
    batch = troubles("a", "b", "c")

    results = at_once(*[lambda: record_troubles(batch)] * 6, lambda: record_troubles(batch[::-1]))

    assert results == [None] * 7
    assert counts() == {"a": 7, "b": 7, "c": 7}
    assert Alert.objects.count() == 3
