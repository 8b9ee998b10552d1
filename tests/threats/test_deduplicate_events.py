"""One trouble, one alert: what a dedup key does, whichever way an event comes in."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection

from tests.factories import ALMA, event_json, make_alert, make_event
from threats import deduplication
from threats.deduplication import record_deduplicated_events
from threats.models import Alert, Event
from threats.services import (
    RecordedEvent,
    acknowledge_alert,
    delete_alert,
    record_event,
    record_events,
    resolve_alert,
)

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
KEY = "ssh:web-1"


def record_one(event):
    return record_event(**event)


def record_in_batch(event):
    (recorded,) = record_events([event])
    return recorded


def record_as_of_logs(event):
    (recorded,) = record_deduplicated_events([{"count": 1} | event]).values()
    return RecordedEvent(Event.objects.get(pk=recorded.pk), recorded.is_new)


@pytest.fixture(params=[record_one, record_in_batch, record_as_of_logs])
def repeat(request):
    """Return a function that records an event of the key, in each way in."""

    def record(**fields):
        return request.param(event_json(**({"severity": "HIGH", "dedup_key": KEY} | fields)))

    return record


@time_machine.travel(NOON, tick=False)
def test_counts_a_repeat_and_moves_last_seen_at(repeat):
    alert = make_alert(dedup_key=KEY)

    with time_machine.travel(NOON + timedelta(minutes=5), tick=False):
        recorded = repeat()

    assert (recorded.event, recorded.is_new) == (alert.event, False)
    assert recorded.event.count == 2
    assert recorded.event.timestamp == NOON
    assert recorded.event.last_seen_at == NOON + timedelta(minutes=5)
    assert Event.objects.count() == Alert.objects.count() == 1


def test_counts_many_repeats_at_once(repeat):
    make_alert(dedup_key=KEY)

    assert repeat(count=40).event.count == 41


def test_counts_on_while_the_alert_is_acknowledged(repeat):
    acknowledge_alert(make_alert(dedup_key=KEY), by=ALMA)

    assert repeat().event.count == 2


def test_makes_a_new_event_and_alert_after_the_alert_is_resolved(repeat):
    first = make_alert(dedup_key=KEY)
    resolve_alert(first, by=ALMA)

    recorded = repeat()

    assert recorded.is_new
    assert recorded.event.alert != first
    assert Event.objects.get(pk=first.event_id).count == 1


def test_makes_a_new_event_after_the_alert_is_deleted(repeat):
    delete_alert(make_alert(dedup_key=KEY), by=ALMA)

    assert repeat().is_new


def test_raises_the_event_to_the_higher_severity_of_a_repeat(repeat):
    make_alert(severity="HIGH", dedup_key=KEY)

    repeat(severity="CRITICAL")

    assert Event.objects.get().severity == "CRITICAL"


def test_keeps_the_severity_when_a_repeat_has_a_lower_one(repeat):
    make_alert(severity="CRITICAL", dedup_key=KEY)

    repeat(severity="LOW")

    event = Event.objects.get()
    assert (event.severity, event.count) == ("CRITICAL", 2)


def test_stores_each_mild_event_of_a_key_that_no_alert_holds(repeat):
    repeat(severity="LOW")
    repeat(severity="LOW")

    assert Event.objects.count() == 2
    assert not Alert.objects.exists()


def test_opens_the_alert_of_a_key_that_only_mild_events_had(repeat):
    make_event(severity="LOW", dedup_key=KEY)

    assert repeat().is_new
    assert Alert.objects.get().dedup_key == KEY


def test_keeps_troubles_of_other_keys_apart(repeat):
    make_alert(dedup_key=KEY)

    assert repeat(dedup_key=KEY.upper()).is_new


@pytest.fixture
def _late_look(monkeypatch):
    """The first look for the alert of a key comes before another request has made it."""
    look = deduplication._lock_unresolved
    looks = iter([lambda keys: {}])
    monkeypatch.setattr(deduplication, "_lock_unresolved", lambda keys: next(looks, look)(keys))


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer")
@pytest.mark.usefixtures("_late_look")
def test_counts_on_an_alert_that_another_request_made_first(repeat):
    alert = make_alert()
    Alert.objects.update(dedup_key=KEY)

    recorded = repeat()

    assert (recorded.event, recorded.event.count) == (alert.event, 2)
    assert Event.objects.count() == 1


def test_database_refuses_a_second_unresolved_alert_of_one_key():
    make_alert(dedup_key=KEY)
    event = make_event(severity="LOW")

    with pytest.raises(IntegrityError, match="dedup_key"):
        Alert.objects.create(event=event, dedup_key=KEY)
