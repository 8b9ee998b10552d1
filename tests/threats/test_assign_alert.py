"""Who deals with an alert."""

import pytest

from tests.factories import ALMA, AMIRA, make_alert
from threats.models import Alert
from threats.services import Gone, acknowledge_alert, assign_alert, resolve_alert

pytestmark = pytest.mark.django_db


def url_of(alert):
    return f"/api/alerts/{alert.pk}/"


def history_of(alert):
    fields = ("changed_by", "from_status", "to_status", "assigned_to", "note")
    return list(alert.changes.values_list(*fields))


def test_keeps_who_gave_it_to_whom():
    alert = acknowledge_alert(make_alert(), by=ALMA)

    assign_alert(alert, assignee="amira", by=ALMA, note="You know this host.")

    assert Alert.objects.get().assignee == "amira"
    assert history_of(alert)[1:] == [("alma", "ACK", "ACK", "amira", "You know this host.")]


def test_takes_it_from_everyone():
    alert = assign_alert(make_alert(), assignee="amira", by=ALMA)

    assign_alert(alert, assignee="", by=AMIRA)

    assert Alert.objects.get().assignee == ""
    assert [row[3] for row in history_of(alert)] == ["amira", ""]


def test_whom_it_has_already_is_no_change():
    alert = assign_alert(make_alert(), assignee="amira", by=ALMA)

    assign_alert(alert, assignee="amira", by=AMIRA)
    assign_alert(alert, assignee="amira", by=AMIRA, note="Still on it.")

    assert [row[3:] for row in history_of(alert)] == [("amira", ""), (None, "Still on it.")]


def test_an_alert_that_is_gone_is_not_assigned():
    alert = make_alert()
    Alert.objects.all().delete()

    with pytest.raises(Gone):
        assign_alert(alert, assignee="amira", by=ALMA)


def test_an_admin_assigns_without_a_status(admin_client):
    alert = make_alert()

    response = admin_client.patch(url_of(alert), {"assignee": "amira", "note": "Yours."})

    assert response.status_code == 200
    assert (response.json()["assignee"], response.json()["status"]) == ("amira", "OPEN")
    assert history_of(alert) == [("alma", "OPEN", "OPEN", "amira", "Yours.")]


@pytest.mark.parametrize("method", ["put", "patch"])
def test_an_admin_assigns_and_acknowledges_at_once(admin_client, method):
    alert = make_alert()
    body = {"assignee": "amira", "status": "ACK", "note": "Yours."}

    response = getattr(admin_client, method)(url_of(alert), body)

    assert (response.json()["assignee"], response.json()["status"]) == ("amira", "ACK")
    assert [row[1:] for row in history_of(alert)] == [
        ("OPEN", "OPEN", "amira", ""),
        ("OPEN", "ACK", None, "Yours."),
    ]


def test_assigns_nothing_where_the_status_is_refused(admin_client):
    alert = resolve_alert(make_alert(), by=ALMA)

    response = admin_client.patch(url_of(alert), {"assignee": "amira", "status": "ACK"})

    assert response.status_code == 409
    assert Alert.objects.get().assignee == ""


@pytest.mark.parametrize("name", ["x" * 151, "\0", "\ud800", None, ["amira"]])
def test_refuses_what_is_no_name(admin_client, name):
    response = admin_client.patch(url_of(make_alert()), {"assignee": name})

    assert response.status_code == 400
    assert list(response.json()["fields"]) == ["assignee"]


def test_put_needs_a_status(admin_client):
    response = admin_client.put(url_of(make_alert()), {"assignee": "amira"})

    assert list(response.json()["fields"]) == ["status"]


def test_analysts_do_not_assign(analyst_client):
    alert = make_alert()

    assert analyst_client.patch(url_of(alert), {"assignee": "amira"}).status_code == 403
    assert Alert.objects.get().assignee == ""


def test_lists_the_alerts_of_one_person(analyst_client):
    mine = assign_alert(make_alert(), assignee="amira", by=ALMA)
    make_alert()

    found = analyst_client.get("/api/alerts/", {"assignee": "amira"}).json()["results"]

    assert [alert["id"] for alert in found] == [mine.pk]
