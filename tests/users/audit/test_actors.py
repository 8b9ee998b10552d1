"""Whoever changes something is named: a person's act is written, the node's own is not."""

import inspect
from functools import partial
from importlib import import_module
from pkgutil import walk_packages

import pytest
from axes.models import AccessAttempt

import fim
import threats
import users
from fim.hosts.services import forget_host
from fim.models import FimLog
from fim.store.deletes import delete_logs
from tests.factories import (
    ALMA,
    event_json,
    make_alert,
    make_event,
    make_host,
    make_key,
    make_log,
    make_user,
)
from threats.edits import add_event, add_events, delete_event, update_event
from threats.models import Alert
from threats.services import (
    acknowledge_alert,
    assign_alert,
    change_alert,
    change_alert_status,
    delete_alert,
    resolve_alert,
)
from users.audit.actors import SYSTEM, Actor
from users.audit.services import write_audit
from users.keys.services import create_key, revoke_key
from users.models import AuditAction, AuditEntry, Channel, Kind, Scope, User
from users.services import audited_password, delete_user, save_user
from users.sign_in.lockouts import unlock

pytestmark = pytest.mark.django_db


def set_password(by):
    ben = make_user("ben")
    with audited_password(ben, by=by):
        User.objects.filter(pk=ben.pk).update(password="another")


def unlock_ben(by):
    AccessAttempt.objects.create(username="ben", ip_address="192.0.2.9", failures_since_start=5)
    unlock(username="ben", address="192.0.2.9", by=by)


# Each service once, where it changes something.
CALLS = {
    acknowledge_alert: lambda by: acknowledge_alert(make_alert(), by=by),
    resolve_alert: lambda by: resolve_alert(make_alert(), by=by),
    change_alert_status: lambda by: change_alert_status(make_alert(), status="ACK", by=by),
    assign_alert: lambda by: assign_alert(make_alert(), assignee="ben", by=by),
    change_alert: lambda by: change_alert(make_alert(), status="ACK", by=by),
    delete_alert: lambda by: delete_alert(make_alert(), by=by),
    add_event: lambda by: add_event(by=by, **event_json()),
    add_events: lambda by: add_events([event_json()], by=by),
    update_event: lambda by: update_event(make_event(), by=by, severity="HIGH"),
    delete_event: lambda by: delete_event(make_event(), by=by),
    delete_logs: lambda by: delete_logs([make_log().pk], by=by),
    forget_host: lambda by: forget_host(make_host(), by=by),
    create_key: lambda by: create_key(name="sensor-1", scopes={Scope.POST_LOGS}, by=by),
    revoke_key: lambda by: revoke_key(make_key()[0], by=by),
    save_user: lambda by: save_user(User(username="ben"), by=by),
    delete_user: lambda by: delete_user(make_user("ben"), by=by),
    audited_password: set_password,
    unlock: unlock_ben,
    write_audit: lambda by: write_audit(by, AuditAction.ADDED, Kind.KEY),
}


EACH_CALL = pytest.mark.parametrize("call", CALLS.values(), ids=[each.__name__ for each in CALLS])


def services():
    """Every public function of the apps that takes an actor."""
    # Before the views: drf-yasg and the API schema import each other.
    import_module("config.urls")
    for package in (users, threats, fim):
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            if ".agent" in module.name or ".migrations" in module.name:
                continue
            for name, each in inspect.getmembers(import_module(module.name), inspect.isfunction):
                by = inspect.signature(each).parameters.get("by")
                if name[0] != "_" and by and by.kind == by.KEYWORD_ONLY:
                    yield each


def test_each_service_is_called_here_and_none_does_without():
    assert set(services()) == set(CALLS) - {write_audit}
    for each in CALLS:
        by = inspect.signature(each).parameters["by"]
        assert (by.annotation, by.default) == (Actor, by.empty)


@EACH_CALL
def test_what_a_person_does_is_written(call):
    call(ALMA)

    entry = AuditEntry.objects.get()
    assert (entry.person, entry.channel, entry.address) == ("alma", "console", "192.0.2.7")


@EACH_CALL
def test_what_the_node_does_by_itself_is_not(call):
    call(SYSTEM)

    assert not AuditEntry.objects.exists()


@EACH_CALL
def test_a_plain_name_is_refused(call):
    with pytest.raises((TypeError, AttributeError)):
        call("alma")

    assert not AuditEntry.objects.exists()


def test_a_change_in_a_plain_name_does_not_come_about():
    alert, log = make_alert(), make_log()

    for change in (partial(acknowledge_alert, alert), partial(delete_logs, [log.pk])):
        with pytest.raises((TypeError, AttributeError)):
            change(by="alma")

    assert Alert.objects.get().status == "OPEN"
    assert FimLog.objects.exists()


@pytest.mark.parametrize(("name", "channel"), [("", Channel.API), ("", None), ("alma", None)])
def test_a_person_has_a_name_and_a_channel(name, channel):
    with pytest.raises(ValueError, match="name"):
        Actor(name, channel)
