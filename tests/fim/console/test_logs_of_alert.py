"""What the page of an alert tells from the logs."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fim.console.alert_logs import find_causes, logs_around
from fim.store.write import store_logs
from tests.clients import console_of
from tests.factories import NOON, make_event, make_log, new_log
from threats.models import Alert

pytestmark = pytest.mark.django_db


def make_malware(**fields):
    return make_log(**({"category": "malware", "path": "/srv/shell.php"} | fields))


@pytest.fixture
def page_of(analyst):
    browser = console_of(analyst)
    return lambda alert: browser.get(f"/admin/threats/alert/{alert.pk}/change/").content.decode()


@pytest.fixture(autouse=True)
def _noon(time_machine):
    time_machine.move_to(NOON, tick=False)


def test_finds_the_logs_that_raised_an_alert():
    first, second = make_malware(), make_malware()
    make_malware(path="/srv/other.php")
    make_malware(host="web-2")

    alert = Alert.objects.filter(event__count=2).get()

    assert find_causes(alert) == [second, first]


def test_an_event_of_a_sensor_has_no_logs():
    make_malware()

    assert find_causes(make_event(severity="HIGH", source_name="web-1").alert) == []


def test_shows_what_the_host_did_just_before_and_after():
    moments = [NOON + timedelta(minutes=minute) for minute in range(-30, 0)]
    logs = store_logs([new_log(timestamp=moment.isoformat()) for moment in moments]).logs
    make_log(host="web-2", timestamp=moments[15].isoformat())

    around = logs_around("web-1", moments[15])

    assert [log.pk for log in around] == [log.id for log in logs[24:4:-1]]


def test_the_page_leads_to_its_logs(page_of):
    log = make_malware()

    page = page_of(Alert.objects.get())

    assert "Logs that raised it" in page
    assert f"/admin/fim/fimlog/{log.pk}/change/" in page


def test_a_trouble_that_repeats_is_shown_with_what_happened_when_it_began(page_of, time_machine):
    make_malware(timestamp=NOON.isoformat())
    neighbour = make_log(path="/etc/cron.d/php", timestamp=NOON.isoformat())
    for minute in range(1, 30):
        time_machine.move_to(NOON + timedelta(minutes=minute), tick=False)
        make_malware(received_at=NOON + timedelta(minutes=minute))

    page = page_of(Alert.objects.get())

    assert f"/admin/fim/fimlog/{neighbour.pk}/change/" in page


def test_the_page_of_another_event_says_that_there_are_no_logs(page_of):
    assert "No logs of a host with this name." in page_of(make_event(severity="HIGH").alert)


@pytest.mark.parametrize("logs", [1, 40])
def test_costs_the_same_for_any_number_of_logs(page_of, logs):
    store_logs([new_log(category="malware", path="/srv/shell.php") for _ in range(logs)])
    alert = Alert.objects.get()
    page_of(alert)  # Django looks content types up once a process.

    with CaptureQueriesContext(connection) as queries:
        page_of(alert)

    # Session, account, alert, history, names, candidates, causes, later, earlier, demo.
    assert len(queries) <= 10
