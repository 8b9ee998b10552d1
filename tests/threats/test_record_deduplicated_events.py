"""Many events at once come to what `record_event` makes of each."""

import pytest

from tests.factories import ALMA, event_json
from tests.threats.parallel import at_once
from threats.deduplication import record_deduplicated_events
from threats.models import Alert, Event, Status
from threats.services import record_event, resolve_alert

pytestmark = pytest.mark.django_db


def events(*keys, **fields):
    return [
        event_json(**({"severity": "HIGH", "count": 1} | fields), dedup_key=key) for key in keys
    ]


def counts():
    return dict(Event.objects.values_list("dedup_key", "count"))


def test_opens_an_alert_for_each_new_key():
    record_deduplicated_events(events("a", "b", count=3))

    assert counts() == {"a": 3, "b": 3}
    assert set(Alert.objects.values_list("dedup_key", "status")) == {("a", "OPEN"), ("b", "OPEN")}


def test_counts_known_keys_and_opens_the_others():
    first = record_event(**events("a")[0]).event

    record_deduplicated_events(events("a", "b", count=2))

    assert counts() == {"a": 3, "b": 2}
    assert Event.objects.get(pk=first.pk).last_seen_at > first.last_seen_at


def test_opens_a_new_alert_after_the_old_one_was_resolved():
    record_deduplicated_events(events("a", "b"))
    resolve_alert(Alert.objects.get(dedup_key="a"), by=ALMA)

    record_deduplicated_events(events("a", "b"))

    assert Alert.objects.filter(dedup_key="a").count() == 2
    assert Alert.objects.exclude(status=Status.RESOLVED).count() == 2


def test_raises_only_the_severities_that_are_lower():
    record_deduplicated_events(events("a", "b"))
    record_deduplicated_events(events("c", severity="CRITICAL"))

    record_deduplicated_events([*events("a", severity="CRITICAL"), *events("b", "c")])

    severities = dict(Event.objects.values_list("dedup_key", "severity"))
    assert severities == {"a": "CRITICAL", "b": "HIGH", "c": "CRITICAL"}


def test_opens_no_alert_for_mild_ones_among_others():
    record_deduplicated_events([*events("a", severity="LOW"), *events("b")])

    assert counts() == {"a": 1, "b": 1}
    assert Alert.objects.get().event.dedup_key == "b"


def test_says_which_event_each_became():
    first = record_event(**events("a")[0]).event

    recorded = record_deduplicated_events(events("a", "b"))

    assert (recorded["a"].pk, recorded["a"].is_new) == (first.pk, False)
    assert recorded["b"].pk == Event.objects.get(dedup_key="b").pk
    assert recorded["b"].is_new


def row_of(row):
    own = ("id", "event_id", "dedup_key", "timestamp", "last_seen_at", "created_at")
    return {name: value for name, value in vars(row).items() if name not in own and name[0] != "_"}


def test_stores_the_rows_that_a_single_event_has():
    record_deduplicated_events(events("many"))
    record_event(**events("one")[0])

    many, one = Event.objects.get(dedup_key="many"), Event.objects.get(dedup_key="one")
    assert row_of(many) == row_of(one)
    assert row_of(many.alert) == row_of(one.alert)
    assert many.timestamp == many.last_seen_at == many.alert.created_at


def test_costs_the_same_few_queries_for_many(django_assert_max_num_queries):
    record_deduplicated_events(events(*(f"old-{n}" for n in range(100))))

    with django_assert_max_num_queries(6):
        record_deduplicated_events(
            events(*(f"{age}-{n}" for age in ("old", "new") for n in range(100)))
        )

    assert Alert.objects.count() == 200


@pytest.mark.django_db(transaction=True)
def test_parallel_batches_open_one_alert_a_key():
    batch = events("a", "b", "c")

    results = at_once(
        *[lambda: record_deduplicated_events(batch)] * 6,
        lambda: record_deduplicated_events(batch[::-1]),
    )

    assert sum(each["a"].is_new for each in results) == 1
    assert counts() == {"a": 7, "b": 7, "c": 7}
    assert Alert.objects.count() == 3
