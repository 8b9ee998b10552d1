"""Who gets in where: strangers, machines, people without rights, analysts, admins."""

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from tests.clients import console_of
from tests.factories import ALMA, make_alert, make_host, make_key, make_log, make_user
from users.audit.services import write_audit
from users.models import AuditAction, AuditEntry, Kind
from users.sign_in import backends

pytestmark = pytest.mark.django_db

FOR_BOTH = {"threats/alert", "threats/event", "fim/fimlog", "fim/host"}
FOR_ADMINS = {"users/key", "users/user", "users/auditentry"}


@pytest.fixture
def pages(admin):
    """Return the list and the page of each thing, by what it is."""
    write_audit(ALMA, AuditAction.CHANGED, Kind.USER, ref=admin.pk)
    alert = make_alert()
    ids = {
        "threats/alert": alert.pk,
        "threats/event": alert.event_id,
        "fim/fimlog": make_log().pk,
        "fim/host": make_host().pk,
        "users/key": make_key()[0].prefix,
        "users/user": admin.pk,
        "users/auditentry": AuditEntry.objects.first().pk,
    }
    return {name: [f"/admin/{name}/", f"/admin/{name}/{pk}/change/"] for name, pk in ids.items()}


def statuses(browser, pages, names):
    return {browser.get(url).status_code for name in names for url in pages[name]}


def test_admins_see_all(admin, pages):
    assert statuses(console_of(admin), pages, pages) == {200}


def test_analysts_see_all_but_keys_users_and_audit(analyst, pages):
    assert statuses(console_of(analyst), pages, FOR_BOTH) == {200}
    assert statuses(console_of(analyst), pages, FOR_ADMINS) == {403}


def test_strangers_and_machines_see_nothing(pages, agent_client):
    for browser in (Client(), agent_client):
        assert statuses(browser, pages, pages) == {302}


def test_people_without_rights_see_nothing(pages, monkeypatch):
    monkeypatch.setattr(backends, "ROLE_PERMISSIONS", {"analyst": frozenset()})

    assert statuses(console_of(make_user("ben")), pages, pages) == {302}


@pytest.mark.parametrize("name", ["threats/alert", "threats/event", "users/key", "users/user"])
def test_a_page_leads_to_what_was_done_to_its_thing(admin, pages, name):
    browser = console_of(admin)
    kind = name.partition("/")[2]

    page = browser.get(pages[name][1]).content.decode()

    assert f"/admin/users/auditentry/?kind__exact={kind}&amp;ref=" in page


def test_django_keeps_no_second_list(admin, pages):
    browser = console_of(admin)
    browser.post("/admin/users/user/add/", {"username": "ben", "role": "analyst"})
    browser.post(pages["threats/alert"][1], {"status": "ACK"})
    for name in ("threats/event", "fim/fimlog", "fim/host"):
        browser.post(pages[name][1].replace("change", "delete"), {"post": "yes"})

    assert AuditEntry.objects.filter(action=AuditAction.DELETED).count() == 3
    assert not LogEntry.objects.exists()
