"""Callers that come together, over several connections."""

from functools import partial
from threading import Barrier

import pytest
from django.db import connection
from rest_framework.test import APIClient

from tests.factories import ALMA, AMIRA, event_json, make_alert, make_event, make_key
from tests.threats.parallel import at_once, held_up, wait_until_waiting
from threats import services
from threats.edits import delete_event, update_event
from threats.models import Alert, AlertChange, Event
from threats.services import (
    Gone,
    TransitionRefused,
    acknowledge_alert,
    change_alert_status,
    delete_alert,
    record_event,
    record_events,
    resolve_alert,
)

pytestmark = pytest.mark.django_db(transaction=True)

KEY = "ssh:web-1"


def test_twenty_posts_of_one_key_make_one_alert():
    _, key = make_key()
    body = event_json(severity="HIGH", dedup_key=KEY)

    def post():
        client = APIClient(HTTP_AUTHORIZATION=f"Api-Key {key}")
        return client.post("/api/events/", body).status_code

    statuses = at_once(*[post] * 20)

    assert sorted(statuses) == [200] * 19 + [201]
    assert Alert.objects.get().event.count == 20
    assert Event.objects.count() == 1


def test_batches_that_share_keys_do_not_wait_for_each_other_forever():
    there = [event_json(severity="HIGH", dedup_key=f"key-{i}") for i in range(20)]

    outcomes = at_once(partial(record_events, there), partial(record_events, there[::-1]))

    assert [len(recorded) for recorded in outcomes] == [20, 20]
    assert set(Event.objects.values_list("count", flat=True)) == {2}
    assert Alert.objects.count() == 20


def test_repeats_are_stored_while_their_alert_is_resolved_and_reopened():
    alert = make_alert(dedup_key=KEY)
    repeat = partial(record_event, **event_json(severity="HIGH", dedup_key=KEY))

    outcomes = at_once(*[repeat] * 6, partial(resolve_alert, alert, by=ALMA))

    assert not [each for each in outcomes if isinstance(each, Exception)]
    assert sum(Event.objects.values_list("count", flat=True)) == 7
    assert Alert.objects.unresolved().count() <= 1


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer")
def test_repeats_that_wait_for_each_other_leave_the_worst_severity():
    update_event(make_alert(dedup_key=KEY).event, by=ALMA, severity="LOW")

    def repeat(severity, *, waits_behind):
        wait_until_waiting(waits_behind)
        record_event(**event_json(severity=severity, dedup_key=KEY))

    held_up(
        partial(Event.objects.update, description="held"),
        partial(repeat, "CRITICAL", waits_behind=0),
        partial(repeat, "HIGH", waits_behind=1),
    )

    event = Event.objects.get()
    assert (event.severity, event.count) == ("CRITICAL", 3)


def test_parallel_raises_of_one_event_make_one_alert():
    event = make_event(severity="LOW", dedup_key=KEY)
    severities = ["HIGH", "CRITICAL"] * 3

    outcomes = at_once(
        *(partial(update_event, event, by=ALMA, severity=each) for each in severities)
    )

    assert outcomes == [event] * 6
    assert Alert.objects.get().event == event


def test_parallel_raises_of_two_events_of_one_key_leave_it_to_one_alert():
    events = [make_event(severity="LOW", dedup_key=KEY) for _ in range(6)]

    at_once(*(partial(update_event, event, by=ALMA, severity="HIGH") for event in events))

    assert Alert.objects.count() == 6
    assert Alert.objects.filter(dedup_key=KEY).count() == 1


def test_two_people_who_acknowledge_at_once_write_one_line():
    alert = make_alert()

    at_once(*(partial(acknowledge_alert, alert, by=each) for each in (ALMA, AMIRA)))

    assert Alert.objects.get().status == "ACK"
    assert AlertChange.objects.count() == 1


def test_two_people_who_both_saw_it_open_write_one_line(monkeypatch):
    alert, move, both_looked = make_alert(), services._move, Barrier(2)

    def move_together(*args, **kwargs):
        both_looked.wait(timeout=30)
        return move(*args, **kwargs)

    monkeypatch.setattr(services, "_move", move_together)
    outcomes = at_once(*(partial(acknowledge_alert, alert, by=actor) for actor in (ALMA, AMIRA)))

    assert outcomes == [alert, alert]
    assert AlertChange.objects.count() == 1


def test_people_who_act_at_once_leave_one_history():
    alert = make_alert()
    wanted = ["ACK", "RESOLVED", "OPEN"] * 2
    calls = [partial(change_alert_status, alert, status=each, by=ALMA) for each in wanted]

    outcomes = at_once(*calls)

    failures = {type(each) for each in outcomes if isinstance(each, Exception)}
    assert failures <= {TransitionRefused}
    history = list(AlertChange.objects.order_by("pk").values_list("from_status", "to_status"))
    earlier, later = zip(*history, strict=True)
    assert earlier == ("OPEN", *later[:-1])
    assert Alert.objects.get().status == later[-1]


@pytest.mark.parametrize("attempt", range(5))
def test_a_deletion_that_meets_changes_takes_all_of_them(attempt):
    alert = make_alert(severity="HIGH")
    delete = delete_event if attempt % 2 else delete_alert

    outcomes = at_once(
        partial(acknowledge_alert, alert, by=ALMA),
        partial(delete, [alert, alert.event][attempt % 2], by=ALMA),
        partial(resolve_alert, alert, by=AMIRA),
        partial(update_event, alert.event, by=ALMA, severity="CRITICAL"),
    )

    failures = {type(each) for each in outcomes if isinstance(each, Exception)}
    assert failures <= {Gone, TransitionRefused}
    assert AlertChange.objects.count() == 0
