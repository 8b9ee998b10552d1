import pytest

from tests.factories import ALMA, make_alert, make_event
from threats.edits import delete_event
from threats.models import Alert, AlertChange, Event
from threats.services import acknowledge_alert, delete_alert

pytestmark = pytest.mark.django_db


def test_an_event_takes_its_alert_and_history_with_it():
    alert = acknowledge_alert(make_alert(), by=ALMA)
    other = make_event()

    delete_event(alert.event, by=ALMA)

    assert Event.objects.get() == other
    assert not Alert.objects.exists()
    assert not AlertChange.objects.exists()


def test_an_alert_takes_its_history_with_it_and_leaves_its_event():
    alert = acknowledge_alert(make_alert(), by=ALMA)

    delete_alert(alert, by=ALMA)

    assert Event.objects.get() == alert.event
    assert not AlertChange.objects.exists()


def test_deleting_what_is_gone_does_nothing():
    event, alert = make_event(), make_alert()
    delete_event(Event.objects.get(pk=event.pk), by=ALMA)
    delete_alert(Alert.objects.get(), by=ALMA)

    delete_event(event, by=ALMA)
    delete_alert(alert, by=ALMA)

    assert Event.objects.get() == alert.event
