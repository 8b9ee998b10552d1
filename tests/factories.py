"""Small builders with fixed values. A test names what it is about and takes the rest from here."""

from datetime import UTC, datetime

from fim.hosts.services import record_heartbeat
from fim.models import FimLog
from fim.record.reading import read_log
from fim.store.group_commit import commit_log
from threats.services import record_event
from users.audit.actors import SYSTEM, Actor
from users.keys.services import create_key
from users.models import Channel, Scope, User

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
PASSWORD = "correct horse battery staple"
# An admin and an analyst, at the console.
ALMA = Actor("alma", Channel.CONSOLE, "192.0.2.7")
AMIRA = Actor("amira", Channel.CONSOLE, "192.0.2.8")


def make_user(username="amira", *, role="analyst", **fields):
    return User.objects.create_user(username, password=PASSWORD, role=role, **fields)


def make_key(name="sensor-1", *, scopes=(Scope.POST_EVENTS,), by=SYSTEM, **fields):
    """Return the key and its text."""
    return create_key(name=name, scopes=set(scopes), by=by, **fields)


def event_json(**fields):
    return {
        "source_name": "ids-1",
        "event_type": "port_scan",
        "severity": "LOW",
        "description": "40 ports in 2 s",
    } | fields


def make_event(**fields):
    return record_event(**event_json(**fields)).event


def make_alert(**fields):
    return make_event(**({"severity": "HIGH"} | fields)).alert


def log_json(**fields):
    return {"path": "/etc/passwd", "action": "modified", "host": "web-1"} | fields


def new_log(*, received_at=NOON, **fields):
    return read_log(log_json(**fields), received_at=received_at, default_host="node-under-test")


def make_log(*, received_at=NOON, **fields):
    log, _ = commit_log(new_log(received_at=received_at, **fields))
    return FimLog.objects.get(pk=log.id)


def make_host(name="web-1", *, received_at=NOON, dropped=(), was_blind=(), **report):
    """A host whose heartbeat was just received."""
    report = {"blind_since": None, "blind_roots": [], "blind_reason": ""} | report
    return record_heartbeat(
        name=name, report=report, dropped=dropped, was_blind=was_blind, received_at=received_at
    )
