"""What the audit list cannot hold does not happen."""

import pytest
from django.db import OperationalError

from fim.models import DayCount, FimLog
from fim.store.deletes import delete_logs
from tests.factories import ALMA, event_json, make_alert, make_event, make_key, make_log, make_user
from threats.edits import add_event, add_events, delete_event, update_event
from threats.models import Alert, AlertChange, Event
from threats.services import acknowledge_alert, assign_alert, delete_alert
from users.keys.services import create_key, revoke_key
from users.models import AuditEntry, Key, Scope, User
from users.services import audited_password, delete_user, save_user

pytestmark = pytest.mark.django_db

MODELS = (User, Key, Event, Alert, AlertChange, FimLog, DayCount)


def change_account():
    user = make_user()
    user.is_active = False
    return lambda: save_user(user, by=ALMA)


def change_password():
    user = make_user()

    def change():
        with audited_password(user, by=ALMA):
            changed = User.objects.get()
            changed.set_password("a password nobody has used")
            changed.save()

    return change


def delete_account():
    user = make_user()
    return lambda: delete_user(user, by=ALMA)


def make_a_key():
    return lambda: create_key(name="sensor-1", scopes={Scope.POST_EVENTS}, by=ALMA)


def revoke_a_key():
    key, _ = make_key()
    return lambda: revoke_key(key, by=ALMA)


def add_an_event():
    return lambda: add_event(by=ALMA, **event_json(severity="HIGH"))


def add_many_events():
    return lambda: add_events([event_json()] * 2, by=ALMA)


def change_an_event():
    event = make_event()
    return lambda: update_event(event, by=ALMA, severity="HIGH")


def delete_an_event():
    event = make_alert().event
    return lambda: delete_event(event, by=ALMA)


def acknowledge_an_alert():
    alert = make_alert()
    return lambda: acknowledge_alert(alert, by=ALMA)


def assign_an_alert():
    alert = make_alert()
    return lambda: assign_alert(alert, assignee="alma", by=ALMA)


def delete_an_alert():
    alert = make_alert()
    return lambda: delete_alert(alert, by=ALMA)


def delete_a_log():
    log = make_log()
    return lambda: delete_logs([log.pk], by=ALMA)


CHANGES = [
    change_account,
    change_password,
    delete_account,
    make_a_key,
    revoke_a_key,
    add_an_event,
    add_many_events,
    change_an_event,
    delete_an_event,
    acknowledge_an_alert,
    assign_an_alert,
    delete_an_alert,
    delete_a_log,
]


def stored():
    return [list(model.objects.order_by("pk").values()) for model in MODELS]


@pytest.mark.parametrize("prepare", CHANGES)
def test_a_change_whose_entry_cannot_be_written_is_undone(prepare, monkeypatch):
    change = prepare()
    before = stored()

    def full(**values):
        raise OperationalError("database or disk is full")

    monkeypatch.setattr(AuditEntry.objects, "create", full)
    with pytest.raises(OperationalError):
        change()

    assert stored() == before
