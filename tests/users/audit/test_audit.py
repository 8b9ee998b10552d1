"""The audit list: what people did, from where, and that nobody edits it."""

import json
from importlib import import_module

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from fim.models import FimLog
from tests.factories import (
    ALMA,
    AMIRA,
    PASSWORD,
    event_json,
    make_alert,
    make_event,
    make_key,
    make_log,
    make_user,
)
from threats.services import acknowledge_alert
from users.audit.actors import Actor
from users.audit.services import write_audit
from users.models import AppendOnly, AuditAction, AuditEntry, Channel, User

pytestmark = pytest.mark.django_db

NEW_PASSWORD = "a password nobody has used"
LIST = "/admin/users/auditentry/"
append_only = import_module("users.migrations.0003_audit_append_only")


def entries(**filters):
    """What was written, without who signed in."""
    return list(AuditEntry.objects.exclude(action=AuditAction.SIGNED_IN).filter(**filters))


def only_entry():
    (entry,) = entries()
    return entry


def told(entry):
    return (entry.person, entry.channel, entry.action, entry.kind, entry.ref)


def revoke(key):
    return {"action": "revoke", "_selected_action": [key.pk], "confirm": "yes"}


@pytest.fixture
def browser(console, admin):
    return console(admin)


def test_tells_who_changed_an_alert_from_what_to_what_and_from_where():
    alert = make_alert(source_name="ids-9")

    acknowledge_alert(alert, by=ALMA, note="I look at it.")

    entry = only_entry()
    assert told(entry) == ("alma", "console", "changed", "alert", str(alert.pk))
    assert (entry.address, entry.name) == ("192.0.2.7", "HIGH port_scan from ids-9")
    assert (entry.before, entry.after) == (
        {"status": "OPEN"},
        {"status": "ACK", "note": "I look at it."},
    )


def test_a_change_that_does_not_come_about_is_not_in_it(admin_client):
    alert = acknowledge_alert(make_alert(), by=AMIRA)

    admin_client.patch(f"/api/alerts/{alert.pk}/", {"status": "ACK"})

    assert only_entry().person == "amira"


@pytest.mark.parametrize(
    ("method", "body", "action", "before", "after"),
    [
        ("patch", {"severity": "MEDIUM"}, "changed", {"severity": "LOW"}, {"severity": "MEDIUM"}),
        ("patch", {"severity": "LOW"}, None, None, None),
        ("delete", None, "deleted", event_json(dedup_key=None), {}),
    ],
)
def test_holds_what_people_do_to_events(admin_client, method, body, action, before, after):
    event = make_event()

    getattr(admin_client, method)(f"/api/events/{event.pk}/", body)

    expected = [] if action is None else [("alma", "api", action, "event", before, after)]
    found = [(e.person, e.channel, e.action, e.kind, e.before, e.after) for e in entries()]
    assert found == expected


def test_holds_the_events_that_people_post_and_none_of_machines(analyst_client, sensor_client):
    sensor_client.post("/api/events/", event_json())
    sensor_client.post("/api/events/", [event_json()])
    analyst_client.post("/api/events/", event_json())
    analyst_client.post("/api/events/", [event_json(), event_json()])

    assert [(e.person, e.action, e.name) for e in entries()] == [
        ("amira", "added", "2 events"),
        ("amira", "added", "LOW port_scan from ids-1"),
    ]


@pytest.mark.parametrize("url", ["/api/logs/", "/dhimp/api/logs/"])
def test_holds_which_logs_were_deleted(admin_client, url):
    logs = [make_log(host=f"web-{number}", category="malware") for number in (1, 2)]

    admin_client.delete(url, {"ids": [log.pk for log in logs] + [10**9]})

    entry = only_entry()
    assert (entry.person, entry.channel, entry.action, entry.name) == (
        "alma",
        "api",
        "deleted",
        "2 logs",
    )
    assert entry.before["ids"] == [log.pk for log in logs]
    assert entry.before["logs"][0] == {
        "day": "2026-03-14",
        "host": "web-1",
        "category": "malware",
        "count": 1,
    }


def test_a_deletion_that_found_nothing_is_not_in_it(admin_client):
    admin_client.delete("/api/logs/", {"ids": [10**9]})

    assert entries() == []


def test_holds_one_entry_for_logs_deleted_in_the_console(browser):
    logs = [make_log(), make_log()]
    form = {"action": "delete_selected", "_selected_action": [log.pk for log in logs]}

    browser.post("/admin/fim/fimlog/", form | {"post": "yes"})

    assert not FimLog.objects.exists()
    assert (only_entry().channel, only_entry().before["count"]) == ("console", 2)


def test_holds_keys_made_and_revoked_without_the_key(browser):
    form = {"name": "sensor-1", "can_post_events": "on", "host": "web-1"}
    browser.post("/admin/users/key/add/", form | {"expiry_date_0": "", "expiry_date_1": ""})
    made = only_entry()
    key, _ = make_key()
    browser.post("/admin/users/key/", revoke(key))

    assert (made.action, made.kind, made.name, made.after["scopes"]) == (
        "added",
        "key",
        "sensor-1",
        ["post_events"],
    )
    assert told(entries()[0]) == ("alma", "console", "revoked", "key", key.prefix)
    assert key.hashed_key not in json.dumps([e.before | e.after for e in entries()])


def test_a_key_that_was_revoked_before_is_not_revoked_again(browser):
    key, _ = make_key()
    for _ in range(2):
        browser.post("/admin/users/key/", revoke(key))

    assert len(entries()) == 1


def test_holds_accounts_made_changed_and_deleted(browser):
    password = {"usable_password": "true", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    browser.post("/admin/users/user/add/", {"username": "ben", "role": "analyst"} | password)
    ben = User.objects.get(username="ben")
    browser.post(f"/admin/users/user/{ben.pk}/change/", {"username": "ben", "role": "admin"})
    browser.post(f"/admin/users/user/{ben.pk}/delete/", {"post": "yes"})

    deleted, changed, added = entries()
    assert (added.action, added.name, added.after["role"]) == ("added", "ben", "analyst")
    assert (changed.before, changed.after) == (
        {"role": "analyst", "is_active": True},
        {"role": "admin", "is_active": False},
    )
    assert (deleted.action, deleted.before["role"]) == ("deleted", "admin")


@pytest.mark.parametrize("who", ["own", "other"])
def test_holds_that_a_password_was_set_and_never_which(browser, admin, analyst, who):
    new = {"usable_password": "true", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    own = {"old_password": PASSWORD, "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    url, form, user = {
        "own": ("/admin/password_change/", own, admin),
        "other": (f"/admin/users/user/{analyst.pk}/password/", new, analyst),
    }[who]

    assert browser.post(url, form).status_code == 302

    entry = only_entry()
    assert told(entry) == ("alma", "console", "password", "user", str(user.pk))
    assert (entry.before, entry.after) == ({}, {})


def test_a_refused_password_is_not_in_it(browser, analyst):
    form = {"usable_password": "true", "password1": "x", "password2": "x"}

    browser.post(f"/admin/users/user/{analyst.pk}/password/", form)
    browser.post("/admin/password_change/", {"old_password": "wrong"})

    assert entries() == []


@pytest.mark.parametrize(
    ("path", "channel"),
    [("/admin/login/", "console"), ("/api/token/", "api"), ("/api/login/", "api")],
)
def test_holds_who_signed_in_from_where(path, channel, analyst):
    credentials = {"username": "amira", "password": PASSWORD}
    json_too = {} if channel == "console" else {"content_type": "application/json"}

    Client(REMOTE_ADDR="192.0.2.9").post(path, credentials, **json_too)

    entry = AuditEntry.objects.get()
    assert told(entry) == ("amira", channel, "signed_in", "user", str(analyst.pk))
    assert entry.address == "192.0.2.9"


def test_holds_who_signed_out(browser):
    browser.post("/admin/logout/")

    assert only_entry().action == "signed_out"


def test_a_failed_sign_in_is_not_in_it(analyst):
    Client().post("/admin/login/", {"username": "amira", "password": "wrong"})

    assert not AuditEntry.objects.exists()


def test_code_cannot_change_an_entry():
    write_audit(ALMA, AuditAction.ADDED, "key")
    entry = AuditEntry.objects.get()

    for change in (entry.save, entry.delete, AuditEntry.objects.all().delete):
        with pytest.raises(AppendOnly):
            change()
    with pytest.raises(AppendOnly):
        AuditEntry.objects.update(person="ben")


@pytest.mark.parametrize(
    "statement", ["UPDATE users_auditentry SET person = 'ben'", "DELETE FROM users_auditentry"]
)
def test_the_database_refuses_to_change_an_entry(statement):
    write_audit(ALMA, AuditAction.ADDED, "key")
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            # The suite drops one of them, to empty its tables.
            for trigger in append_only.SQLITE:
                cursor.execute(trigger)

        with pytest.raises(IntegrityError, match="added to and never"), transaction.atomic():
            cursor.execute(statement)

    assert AuditEntry.objects.get().person == "alma"


@pytest.mark.parametrize("who", ["alma", "root"])
@pytest.mark.parametrize("path", ["add/", "{pk}/change/", "{pk}/delete/"])
def test_the_console_lets_nobody_edit_it(console, who, path):
    make_user("alma", role="admin")
    User.objects.create_superuser("root", password=PASSWORD)
    write_audit(ALMA, AuditAction.ADDED, "key")
    url = LIST + path.format(pk=AuditEntry.objects.first().pk)

    answer = console(User.objects.get(username=who)).post(url, {"person": "ben", "post": "yes"})

    assert answer.status_code == 403
    assert not AuditEntry.objects.filter(person="ben").exists()


def test_the_console_deletes_no_entries_in_bulk(browser):
    write_audit(ALMA, AuditAction.ADDED, "key")
    form = {"action": "delete_selected", "post": "yes"}
    form["_selected_action"] = list(AuditEntry.objects.values_list("pk", flat=True))

    browser.post(LIST, form)

    assert AuditEntry.objects.filter(action=AuditAction.ADDED).exists()


def test_analysts_do_not_read_it(console, analyst):
    assert console(analyst).get(LIST).status_code == 403


@pytest.mark.parametrize(
    "query", ["q=alma", "q=web-1", "kind=log", "channel=console", "action=added"]
)
def test_can_be_searched_by_person_thing_and_channel(browser, query):
    write_audit(ALMA, AuditAction.ADDED, "log", name="web-1")
    write_audit(Actor("ben", Channel.API), AuditAction.REVOKED, "key", name="sensor-9")

    text = browser.get(f"{LIST}?{query}").content.decode()

    assert "web-1" in text and "sensor-9" not in text


def test_lists_for_the_same_queries_whatever_it_shows(browser, django_assert_max_num_queries):
    for _ in range(30):
        write_audit(ALMA, AuditAction.ADDED, "key")

    # Session, account, count, rows, and whether this is a demo.
    with django_assert_max_num_queries(5):
        browser.get(LIST)
