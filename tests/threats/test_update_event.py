import pytest

from tests.factories import ALMA, event_json, make_alert, make_event
from threats.edits import delete_event, update_event
from threats.models import Alert, Event
from threats.services import Gone, delete_alert, record_event, resolve_alert

pytestmark = pytest.mark.django_db

KEY = "ssh:web-1"


@pytest.mark.parametrize("severity", ["HIGH", "CRITICAL"])
def test_opens_the_alert_of_an_event_that_is_raised(severity):
    event = make_event(severity="LOW")

    update_event(event, by=ALMA, severity=severity)

    alert = Alert.objects.get()
    assert (alert.event, alert.status) == (event, "OPEN")


def test_opens_no_alert_for_an_event_that_stays_mild():
    update_event(make_event(severity="LOW"), by=ALMA, severity="MEDIUM")

    assert not Alert.objects.exists()


def test_opens_no_second_alert_for_an_event_that_is_raised_further():
    alert = make_alert(severity="HIGH")

    update_event(alert.event, by=ALMA, severity="CRITICAL")

    assert Alert.objects.get() == alert


def test_leaves_the_alert_of_an_event_that_is_lowered():
    alert = make_alert()

    update_event(alert.event, by=ALMA, severity="LOW")

    assert Alert.objects.get() == alert


def test_returns_the_event_as_stored():
    event = make_event()
    Event.objects.update(count=7)

    changed = update_event(event, by=ALMA, description="60 ports in 2 s")

    assert (changed.description, changed.count) == ("60 ports in 2 s", 7)


def test_changes_no_field_that_it_was_not_given():
    stale = make_event(severity="LOW")
    Event.objects.update(severity="MEDIUM")

    update_event(stale, by=ALMA, description="60 ports in 2 s")

    assert Event.objects.get().severity == "MEDIUM"


def test_changes_nothing_when_given_nothing():
    event = make_event()

    assert update_event(event, by=ALMA) == event


def test_late_alert_holds_the_key_of_its_event():
    event = make_event(severity="LOW", dedup_key=KEY)

    update_event(event, by=ALMA, severity="HIGH")

    recorded = record_event(**event_json(severity="HIGH", dedup_key=KEY))
    assert (recorded.event, recorded.event.count) == (event, 2)


def test_leaves_the_key_to_the_alert_that_holds_it():
    mild = make_event(severity="LOW", dedup_key=KEY)
    holder = make_alert(dedup_key=KEY)

    update_event(mild, by=ALMA, severity="HIGH")

    assert Alert.objects.get(event=mild).dedup_key is None
    assert record_event(**event_json(dedup_key=KEY)).event == holder.event


def test_takes_the_key_of_a_resolved_alert():
    mild = make_event(severity="LOW", dedup_key=KEY)
    resolve_alert(make_alert(dedup_key=KEY), by=ALMA)

    update_event(mild, by=ALMA, severity="HIGH")

    assert Alert.objects.get(event=mild).dedup_key == KEY


def test_opens_an_alert_again_when_its_event_is_raised_after_it_was_deleted():
    event = make_alert(severity="HIGH").event
    delete_alert(event.alert, by=ALMA)

    update_event(event, by=ALMA, severity="CRITICAL")

    assert Alert.objects.get().event == event


def test_opens_no_deleted_alert_again_when_its_event_is_edited():
    event = make_alert(severity="HIGH").event
    delete_alert(event.alert, by=ALMA)

    update_event(event, by=ALMA, severity="HIGH", description="60 ports in 2 s")

    assert not Alert.objects.exists()


@pytest.mark.parametrize("changes", [{"severity": "HIGH"}, {"description": "x"}, {}])
def test_refuses_an_event_that_was_deleted_meanwhile(changes):
    stale = make_event()
    delete_event(Event.objects.get(), by=ALMA)

    with pytest.raises(Gone):
        update_event(stale, by=ALMA, **changes)
