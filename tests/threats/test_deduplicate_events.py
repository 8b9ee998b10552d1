"""One trouble, one alert: what a dedup key does."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError

from tests.factories import ALMA, event_json, make_alert, make_event
from threats import services
from threats.models import Alert, Event
from threats.services import acknowledge_alert, delete_alert, record_event, resolve_alert

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
KEY = "ssh:web-1"


def repeat(**fields):
    return record_event(**event_json(**({"severity": "HIGH", "dedup_key": KEY} | fields)))


@time_machine.travel(NOON, tick=False)
def test_counts_a_repeat_and_moves_last_seen_at():
    alert = make_alert(dedup_key=KEY)

    with time_machine.travel(NOON + timedelta(minutes=5), tick=False):
        recorded = repeat()

    assert (recorded.event, recorded.is_new) == (alert.event, False)
    assert recorded.event.count == 2
    assert recorded.event.timestamp == NOON
    assert recorded.event.last_seen_at == NOON + timedelta(minutes=5)
    assert Event.objects.count() == Alert.objects.count() == 1


def test_counts_many_repeats_at_once():
    make_alert(dedup_key=KEY)

    assert repeat(count=40).event.count == 41


def test_counts_on_while_the_alert_is_acknowledged():
    acknowledge_alert(make_alert(dedup_key=KEY), by=ALMA)

    assert repeat().event.count == 2


def test_makes_a_new_event_and_alert_after_the_alert_is_resolved():
    first = make_alert(dedup_key=KEY)
    resolve_alert(first, by=ALMA)

    recorded = repeat()

    assert recorded.is_new
    assert recorded.event.alert != first
    assert Event.objects.get(pk=first.event_id).count == 1


def test_makes_a_new_event_after_the_alert_is_deleted():
    delete_alert(make_alert(dedup_key=KEY), by=ALMA)

    assert repeat().is_new


def test_raises_the_event_to_the_higher_severity_of_a_repeat():
    make_alert(severity="HIGH", dedup_key=KEY)

    repeat(severity="CRITICAL")

    assert Event.objects.get().severity == "CRITICAL"


def test_keeps_the_severity_when_a_repeat_has_a_lower_one():
    make_alert(severity="CRITICAL", dedup_key=KEY)

    repeat(severity="LOW")

    event = Event.objects.get()
    assert (event.severity, event.count) == ("CRITICAL", 2)


def test_stores_each_mild_event_of_a_key_that_no_alert_holds():
    repeat(severity="LOW")
    repeat(severity="LOW")

    assert Event.objects.count() == 2
    assert not Alert.objects.exists()


def test_opens_the_alert_of_a_key_that_only_mild_events_had():
    make_event(severity="LOW", dedup_key=KEY)

    assert repeat().is_new
    assert Alert.objects.get().dedup_key == KEY


def test_keeps_troubles_of_other_keys_apart():
    make_alert(dedup_key=KEY)

    assert repeat(dedup_key=KEY.upper()).is_new


@pytest.fixture
def late_look(monkeypatch):
    """The first look for the alert of a key comes before another request has made it."""
    looks = iter([lambda *args: None])
    look = services._count_repeat
    monkeypatch.setattr(services, "_count_repeat", lambda *args: next(looks, look)(*args))


def test_counts_on_an_alert_that_another_request_made_first(late_look):
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
