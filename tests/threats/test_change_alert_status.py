from datetime import UTC, datetime

import pytest
import time_machine
from django.db import IntegrityError

from tests.factories import ALMA, AMIRA, make_alert
from threats.models import Alert, AlertChange
from threats.services import (
    Gone,
    SameTroubleUnresolved,
    TransitionRefused,
    acknowledge_alert,
    change_alert_status,
    delete_alert,
    resolve_alert,
)

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
KEY = "ssh:web-1"


def in_status(status, **fields):
    alert = make_alert(**fields)
    Alert.objects.filter(pk=alert.pk).update(status=status)
    return alert


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("OPEN", "ACK"),
        ("OPEN", "RESOLVED"),
        ("ACK", "OPEN"),
        ("ACK", "RESOLVED"),
        ("RESOLVED", "OPEN"),
    ],
)
def test_changes_the_status(before, after):
    alert = in_status(before)

    changed = change_alert_status(alert, status=after, by=ALMA)

    assert changed.status == Alert.objects.get().status == after


@time_machine.travel(NOON, tick=False)
def test_writes_who_changed_it_when_and_why():
    alert = acknowledge_alert(make_alert(), by=ALMA, note="I look at it.")

    change = alert.changes.get()
    assert (change.changed_by, change.from_status, change.to_status, change.note) == (
        "alma",
        "OPEN",
        "ACK",
        "I look at it.",
    )
    assert change.changed_at == NOON


def test_writes_a_line_of_history_for_each_change():
    alert = acknowledge_alert(make_alert(), by=ALMA)
    resolve_alert(alert, by=AMIRA)
    change_alert_status(alert, status="OPEN", by=ALMA)

    history = list(alert.changes.values_list("changed_by", "from_status", "to_status"))
    assert history == [
        ("alma", "OPEN", "ACK"),
        ("amira", "ACK", "RESOLVED"),
        ("alma", "RESOLVED", "OPEN"),
    ]


@pytest.mark.parametrize("status", ["OPEN", "ACK", "RESOLVED"])
def test_writes_nothing_when_the_alert_has_the_status(status):
    alert = in_status(status)

    changed = change_alert_status(alert, status=status, by=ALMA)

    assert changed.status == status
    assert not AlertChange.objects.exists()


def test_keeps_a_note_that_comes_without_a_change():
    alert = in_status("ACK")

    change_alert_status(alert, status="ACK", by=ALMA, note="The vendor was told.")

    change = alert.changes.get()
    assert (change.from_status, change.to_status) == ("ACK", "ACK")
    assert (change.changed_by, change.note) == ("alma", "The vendor was told.")


def test_refuses_to_acknowledge_a_resolved_alert():
    alert = in_status("RESOLVED")

    with pytest.raises(TransitionRefused) as refusal:
        acknowledge_alert(alert, by=ALMA)

    assert refusal.value.detail == (
        f"Alert {alert.pk} is RESOLVED; from there it can become OPEN, not ACK."
    )
    assert Alert.objects.get().status == "RESOLVED"
    assert not AlertChange.objects.exists()


def test_refuses_to_reopen_an_alert_while_another_one_of_its_key_is_unresolved():
    alert = resolve_alert(make_alert(dedup_key=KEY), by=ALMA)
    make_alert(dedup_key=KEY)

    with pytest.raises(SameTroubleUnresolved, match="'ssh:web-1'"):
        change_alert_status(alert, status="OPEN", by=ALMA)

    alert.refresh_from_db()
    assert alert.status == "RESOLVED"
    assert alert.changes.count() == 1


def test_reopens_an_alert_when_the_other_one_of_its_key_is_resolved():
    first = resolve_alert(make_alert(dedup_key=KEY), by=ALMA)
    resolve_alert(make_alert(dedup_key=KEY), by=ALMA)

    assert change_alert_status(first, status="OPEN", by=ALMA).status == "OPEN"


def test_goes_by_the_stored_status_not_by_the_one_that_was_read():
    alert = make_alert()
    resolve_alert(Alert.objects.get(), by=AMIRA)

    with pytest.raises(TransitionRefused):
        acknowledge_alert(alert, by=ALMA)


def test_refuses_an_alert_that_was_deleted_meanwhile():
    alert = make_alert()
    delete_alert(Alert.objects.get(), by=ALMA)

    with pytest.raises(Gone):
        acknowledge_alert(alert, by=ALMA)


def test_database_refuses_a_change_that_changes_nothing():
    alert = make_alert()

    with pytest.raises(IntegrityError, match="alert_change_says_something"):
        AlertChange.objects.create(
            alert=alert, changed_by="alma", from_status="ACK", to_status="ACK"
        )
