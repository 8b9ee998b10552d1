"""Malware and danger are what a person must hear of."""

import pytest
from django.db import IntegrityError

from fim.models import DayCount, FimLog
from fim.store import write
from fim.store.write import store_logs
from tests.factories import ALMA, AMIRA, make_log, new_log
from threats.edits import update_event
from threats.models import Alert, Event
from threats.services import resolve_alert

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("category", "severity", "event_type"),
    [("malware", "CRITICAL", "fim.malware"), ("danger", "HIGH", "fim.danger")],
)
def test_raises_an_alert(category, severity, event_type):
    make_log(category=category, host="web-3")

    event = Alert.objects.get(status="OPEN").event
    assert (event.severity, event.event_type, event.source_name) == (severity, event_type, "web-3")


@pytest.mark.parametrize("category", ["suspicious", "normal"])
def test_raises_nothing_for_the_rest(category):
    make_log(category=category)

    assert not Event.objects.exists()


def test_says_what_happened():
    make_log(severity="[MALWARE] Webshell", path="/srv/x.php", user="www-data", process="php")

    assert Event.objects.get().description == (
        "Webshell: /srv/x.php was modified by www-data through php on web-1."
    )


def test_says_what_is_known():
    make_log(category="danger", path="/etc/shadow")

    assert Event.objects.get().description == "/etc/shadow modified on web-1."


def test_holds_the_longest_texts():
    texts = {"host": "h" * 255, "path": "/" * 4096, "user": "u" * 255, "process": "p" * 1024}

    make_log(category="malware", rule="r" * 255, **texts)

    Event.objects.get().full_clean()


def test_counts_repeats_of_one_host_path_and_category():
    for action in ("created", "modified", "deleted"):
        make_log(category="malware", action=action)

    assert (Alert.objects.count(), Event.objects.get().count) == (1, 3)


@pytest.mark.parametrize("other", [{"host": "web-2"}, {"path": "/x"}, {"category": "danger"}])
def test_raises_another_alert_for_another_host_path_or_category(other):
    make_log(category="malware")

    make_log(**{"category": "malware"} | other)

    assert Alert.objects.count() == Event.objects.count() == 2


def test_raises_another_alert_after_the_first_is_resolved():
    make_log(category="malware")
    resolve_alert(Alert.objects.get(), by=AMIRA)

    make_log(category="malware")

    assert sorted(Alert.objects.values_list("status", flat=True)) == ["OPEN", "RESOLVED"]


@pytest.mark.parametrize(("category", "severity"), [("malware", "CRITICAL"), ("danger", "HIGH")])
def test_a_repeat_raises_a_severity_that_a_person_lowered(category, severity):
    make_log(category=category)
    update_event(Event.objects.get(), by=ALMA, severity="LOW")

    make_log(category=category)

    event = Event.objects.get()
    assert (event.severity, event.count) == (severity, 2)


def test_a_repeat_keeps_a_severity_that_a_person_raised():
    make_log(category="danger")
    update_event(Event.objects.get(), by=ALMA, severity="CRITICAL")

    make_log(category="danger")

    assert Event.objects.get().severity == "CRITICAL"


def test_counts_no_repeated_event_id():
    for _ in range(2):
        store_logs([new_log(category="malware", event_id="0" * 31 + "1")])

    assert Event.objects.get().count == 1


def test_stores_nothing_where_the_event_cannot_be(monkeypatch):
    def fail(events):
        raise IntegrityError("of another constraint")

    monkeypatch.setattr(write, "record_deduplicated_events", fail)

    with pytest.raises(IntegrityError):
        store_logs([new_log(), new_log(category="malware")])
    assert not FimLog.objects.exists() and not DayCount.objects.exists()


def test_stores_nothing_where_the_counts_cannot_be(monkeypatch):
    def fail(counts):
        raise IntegrityError("of another constraint")

    monkeypatch.setattr(write, "add_counts", fail)

    with pytest.raises(IntegrityError):
        store_logs([new_log(category="malware")])
    assert not FimLog.objects.exists() and not Event.objects.exists()


def test_costs_few_queries_for_many_logs_of_one_trouble(django_assert_max_num_queries):
    logs = [new_log(category="malware") for _ in range(100)]

    with django_assert_max_num_queries(17):
        store_logs(logs)
