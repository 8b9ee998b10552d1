"""The queue of alerts in the console, and dealing with one on its page."""

import pytest

from tests.clients import console_of
from tests.factories import ALMA, make_alert
from threats.models import Alert, AlertChange
from threats.services import acknowledge_alert, resolve_alert

pytestmark = pytest.mark.django_db

ALERTS = "/admin/threats/alert/"


@pytest.fixture
def alma(admin):
    return console_of(admin)


@pytest.fixture
def amira(analyst):
    return console_of(analyst)


def change_page(alert):
    return f"{ALERTS}{alert.pk}/change/"


def act(browser, action, *alerts, **fields):
    body = {"action": action, "_selected_action": [alert.pk for alert in alerts]}
    return browser.post(ALERTS, body | fields)


def save(browser, alert, **fields):
    return browser.post(change_page(alert), fields)


def test_the_queue_shows_what_is_open_and_worst_and_oldest_first(amira):
    old = make_alert(source_name="old", severity="HIGH")
    worst = make_alert(source_name="worst", severity="CRITICAL")
    mine = acknowledge_alert(make_alert(severity="CRITICAL"), by=ALMA)
    new = make_alert(source_name="new", severity="HIGH")
    resolve_alert(make_alert(), by=ALMA)

    rows = amira.get(ALERTS).context["cl"].result_list

    assert list(rows) == [worst, old, new, mine]


def test_resolved_alerts_are_shown_where_asked_for(amira):
    resolved = resolve_alert(make_alert(), by=ALMA)

    for status in ("RESOLVED", "all"):
        rows = amira.get(ALERTS, {"status__exact": status}).context["cl"].result_list
        assert list(rows) == [resolved]


def test_filters_come_back_until_they_are_cleared(amira):
    amira.get(ALERTS, {"event__severity__exact": "HIGH", "p": "1"})

    back = amira.get(ALERTS)
    cleared = amira.get(ALERTS + "?clear=1")

    assert back["Location"] == f"{ALERTS}?event__severity__exact=HIGH"
    assert cleared["Location"] == ALERTS
    assert amira.get(ALERTS).status_code == 200


def test_filters_stick_for_each_person_alone(alma, amira):
    amira.get(ALERTS, {"event__severity__exact": "HIGH"})

    assert alma.get(ALERTS).status_code == 200


def test_a_link_that_takes_the_last_filter_away_clears(amira):
    page = amira.get(ALERTS, {"event__severity__exact": "HIGH"}).content.decode()

    assert 'href="?clear=1"' in page
    assert 'href="?"' not in page


def test_many_alerts_are_resolved_under_one_note(alma):
    act(alma, "resolve", make_alert(), make_alert(), note="Planned work.")

    assert list(AlertChange.objects.values_list("note", flat=True)) == ["Planned work."] * 2


def test_a_note_that_is_too_long_resolves_nothing(alma):
    act(alma, "resolve", make_alert(), note="x" * 2_001)

    assert Alert.objects.get().status == "OPEN"


def test_many_alerts_are_assigned_to_who_takes_them(alma):
    act(alma, "assign_to_me", make_alert(), make_alert())

    assert set(Alert.objects.values_list("assignee", flat=True)) == {"alma"}


def test_the_queue_can_be_narrowed_to_the_own_alerts(alma):
    mine, _ = make_alert(), make_alert()
    act(alma, "assign_to_me", mine)

    rows = alma.get(ALERTS, {"assignee": "me"}).context["cl"].result_list
    assert list(rows) == [mine]


def test_an_admin_assigns_an_alert_to_somebody(alma, analyst):
    alert = make_alert()

    save(alma, alert, assignee="amira")

    assert Alert.objects.get().assignee == "amira"
    assert [change.assigned_to for change in alert.changes.all()] == ["amira"]


def test_an_alert_is_not_assigned_to_who_has_no_account(alma):
    alert = make_alert()

    response = save(alma, alert, assignee="nobody-here")

    assert response.context["adminform"].form.errors["assignee"]
    assert Alert.objects.get().assignee == ""


def test_a_status_leaves_the_assignee(alma, analyst):
    alert = make_alert()
    save(alma, alert, assignee="amira")

    save(alma, alert, status="ACK")

    assert Alert.objects.get().assignee == "amira"


def test_an_admin_writes_a_note_alone(alma):
    alert = make_alert()

    save(alma, alert, note="Seen before.")

    change = alert.changes.get()
    assert (change.from_status, change.to_status, change.note) == ("OPEN", "OPEN", "Seen before.")


def test_an_analyst_has_nothing_to_press(amira):
    page = amira.get(change_page(make_alert())).content.decode()

    for text in ("Acknowledge", "Resolve", "Assign to me", "Delete this alert"):
        assert text not in page


def test_what_an_event_says_is_no_markup(amira):
    alert = make_alert(description="<script>alert(1)</script>", source_name="<b>ids</b>")

    for url in (ALERTS, change_page(alert)):
        page = amira.get(url).content.decode()
        assert "<script>alert(1)" not in page and "<b>ids" not in page
