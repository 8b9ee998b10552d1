"""Events and alerts in the console, signed in with a session as a browser is."""

import re
from datetime import UTC, datetime

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.clients import console_of
from tests.factories import ALMA, AMIRA, event_json, make_alert, make_event
from threats.edits import update_event
from threats.models import Alert, AlertChange, Event
from threats.services import acknowledge_alert, resolve_alert

pytestmark = pytest.mark.django_db

EVENTS = "/admin/threats/event/"
ALERTS = "/admin/threats/alert/"
NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


@pytest.fixture
def alma(admin):
    return console_of(admin)


@pytest.fixture
def amira(analyst):
    return console_of(analyst)


def form(**fields):
    return event_json(**({"dedup_key": ""} | fields))


def messages_of(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def act(client, action, *alerts):
    body = {"action": action, "_selected_action": [alert.pk for alert in alerts]}
    return client.post(ALERTS, body)


def change_page(alert):
    return f"{ALERTS}{alert.pk}/change/"


def save_status(client, alert, **fields):
    inline = {"changes-TOTAL_FORMS": "0", "changes-INITIAL_FORMS": "0"}
    return client.post(change_page(alert), inline | fields)


@pytest.mark.parametrize("url", [EVENTS, ALERTS])
def test_lists_are_for_people_who_signed_in(client, url):
    assert client.get(url).status_code == 302


@pytest.mark.parametrize("url", [EVENTS, ALERTS])
def test_both_roles_see_the_lists(alma, amira, url):
    make_alert(source_name="ids-9")

    for client in (alma, amira):
        assert b"ids-9" in client.get(url).content


@pytest.mark.parametrize("url", [EVENTS, ALERTS])
def test_lists_cost_the_same_for_one_row_and_for_ten(alma, url):
    make_alert()
    alma.get(url)  # Django looks content types up once a process.
    with CaptureQueriesContext(connection) as for_one:
        alma.get(url)

    for _ in range(9):
        make_alert()

    with CaptureQueriesContext(connection) as for_ten:
        alma.get(url)
    # Session, account, count, rows, and whether this is a demo.
    assert len(for_one) == len(for_ten) <= 5


@pytest.mark.parametrize(
    ("url", "query"),
    [
        (EVENTS, {"q": "ids-9"}),
        (EVENTS, {"severity__exact": "CRITICAL"}),
        (ALERTS, {"q": "ids-9"}),
        (ALERTS, {"event__severity__exact": "CRITICAL"}),
        (ALERTS, {"status__exact": "ACK"}),
    ],
)
def test_lists_can_be_searched_and_filtered(amira, url, query):
    acknowledge_alert(make_alert(source_name="ids-9", severity="CRITICAL"), by=ALMA)
    make_alert(source_name="ids-8")

    content = amira.get(url, query).content

    assert b"ids-9" in content
    assert b"ids-8" not in content


@pytest.mark.parametrize("url", [EVENTS, ALERTS])
@pytest.mark.parametrize("query", ["q=%00", "p=abc", "severity__exact=%27", "o=99", "o=2.-3"])
def test_lists_take_bad_parameters(amira, url, query):
    assert amira.get(f"{url}?{query}").status_code in (200, 302)


@pytest.mark.parametrize("url", [EVENTS, ALERTS])
def test_lists_sort_severity_by_how_bad_it_is(alma, url):
    for severity in ("HIGH", "LOW", "CRITICAL"):
        update_event(make_alert().event, by=ALMA, severity=severity)
    column = 2 if url == EVENTS else 1

    rows = alma.get(url, {"o": f"-{column}"}).context["cl"].result_list

    severities = [getattr(row, "event", row).severity for row in rows]
    assert severities == ["CRITICAL", "HIGH", "LOW"]


def test_adding_a_severe_event_opens_its_alert(amira):
    response = amira.post(f"{EVENTS}add/", form(severity="HIGH"))

    assert response.status_code == 302
    assert Alert.objects.get().event == Event.objects.get()


def test_an_event_without_a_key_has_none(amira):
    amira.post(f"{EVENTS}add/", form())

    assert Event.objects.get().dedup_key is None


def test_adding_a_repeat_counts_it_and_says_so(amira):
    event = make_alert(dedup_key="k").event

    response = amira.post(f"{EVENTS}add/", form(severity="HIGH", dedup_key="k"))

    assert f"Counted as a repeat of event {event.pk}." in messages_of(response)
    assert Event.objects.get().count == 2


@pytest.mark.parametrize(
    "fields", [{"severity": "SEVERE"}, {"source_name": ""}, {"description": "a\0b"}]
)
def test_a_bad_event_is_shown_again(amira, fields):
    response = amira.post(f"{EVENTS}add/", form(**fields))

    assert response.status_code == 200
    assert response.context["errors"]
    assert not Event.objects.exists()


def test_raising_an_event_opens_its_alert(amira):
    event = make_event(severity="LOW", dedup_key="k")

    response = amira.post(f"{EVENTS}{event.pk}/change/", form(severity="HIGH", dedup_key="x"))

    assert response.status_code == 302
    assert Alert.objects.get().event == event
    assert Event.objects.get().dedup_key == "k"


def test_only_admins_delete(alma, amira):
    event = acknowledge_alert(make_alert(), by=ALMA).event
    url = f"{EVENTS}{event.pk}/delete/"

    assert amira.post(url, {"post": "yes"}).status_code == 403
    assert alma.post(url, {"post": "yes"}).status_code == 302
    assert not Event.objects.exists()


@pytest.mark.parametrize("url", [EVENTS, ALERTS])
def test_admins_delete_many(alma, url):
    alerts = [acknowledge_alert(make_alert(), by=ALMA) for _ in range(2)]
    rows = [alert.event if url == EVENTS else alert for alert in alerts]
    body = {"action": "delete_selected", "_selected_action": [row.pk for row in rows]}

    alma.post(url, body | {"post": "yes"})

    assert not Alert.objects.exists()
    assert Event.objects.count() == (0 if url == EVENTS else 2)


def test_nobody_adds_an_alert(alma):
    assert alma.get(f"{ALERTS}add/").status_code == 403


@pytest.mark.parametrize(
    ("action", "status", "done"),
    [("acknowledge", "ACK", "acknowledged"), ("resolve", "RESOLVED", "resolved")],
)
def test_actions_change_the_status_in_the_name_of_the_person(alma, action, status, done):
    alerts = [make_alert(), make_alert()]

    response = act(alma, action, *alerts)

    assert messages_of(response) == [f"2 alerts {done}."]
    assert set(Alert.objects.values_list("status", flat=True)) == {status}
    assert set(AlertChange.objects.values_list("changed_by", flat=True)) == {"alma"}


def test_an_action_says_what_was_refused_and_does_the_rest(alma):
    resolved, unresolved = resolve_alert(make_alert(), by=ALMA), make_alert()

    response = act(alma, "acknowledge", resolved, unresolved)

    assert messages_of(response) == [
        f"Alert {resolved.pk} is RESOLVED; from there it can become OPEN, not ACK.",
        "1 alert acknowledged.",
    ]


def test_an_action_that_did_nothing_claims_nothing(alma):
    response = act(alma, "acknowledge", resolve_alert(make_alert(), by=ALMA))

    assert len(messages_of(response)) == 1


@pytest.mark.parametrize("action", ["acknowledge", "resolve", "delete_selected"])
def test_analysts_have_no_actions(amira, action):
    alert = make_alert()

    act(amira, action, alert)

    assert Alert.objects.get().status == "OPEN"
    assert f'value="{action}"' not in amira.get(ALERTS).content.decode()


def test_the_page_of_an_alert_shows_its_history(amira):
    alert = acknowledge_alert(make_alert(), by=ALMA, note="I look at it.")

    response = amira.get(change_page(alert))

    assert response.status_code == 200
    assert b"I look at it." in response.content
    assert b'name="status"' not in response.content


def test_an_admin_gives_a_note_with_the_status(alma):
    alert = make_alert()

    response = save_status(alma, alert, status="ACK", note="I look at it.")

    assert response.status_code == 302
    change = alert.changes.get()
    assert (change.changed_by, change.to_status, change.note) == ("alma", "ACK", "I look at it.")


def test_an_admin_reopens_an_alert(alma):
    alert = resolve_alert(make_alert(), by=AMIRA)

    save_status(alma, alert, status="OPEN")

    assert Alert.objects.get().status == "OPEN"


def test_the_page_offers_only_what_the_status_may_become(alma):
    alert = resolve_alert(make_alert(), by=AMIRA)

    response = save_status(alma, alert, status="ACK")

    assert response.status_code == 200
    assert "status" in response.context["adminform"].form.errors
    assert Alert.objects.get().status == "RESOLVED"


def test_the_page_says_why_an_alert_cannot_be_reopened(alma):
    alert = resolve_alert(make_alert(dedup_key="k"), by=AMIRA)
    make_alert(dedup_key="k")

    response = save_status(alma, alert, status="OPEN")

    assert response.status_code == 302
    assert "cannot be reopened" in messages_of(response)[0]
    assert len(messages_of(response)) == 1


def test_an_analyst_cannot_save_a_status(amira):
    alert = make_alert()

    assert save_status(amira, alert, status="ACK").status_code == 403
    assert Alert.objects.get().status == "OPEN"


@time_machine.travel(NOON, tick=False)
def test_shows_times_in_the_zone_of_the_node(amira, settings):
    settings.TIME_ZONE = "Asia/Jakarta"
    make_event()

    assert re.search(r"7 p\.m\.|19:00", amira.get(EVENTS).content.decode())
