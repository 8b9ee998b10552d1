import pytest

from fim.models import DayCount, FimLog
from fim.store.write import store_logs
from tests.factories import new_log
from threats.models import Alert

pytestmark = pytest.mark.django_db

EVENT_ID = "0b8c1f5e-7f5c-4a0e-9d8e-3f1f6f0f2a11"


def test_counts_logs_by_day_host_and_category():
    store_logs([new_log(), new_log(), new_log(host="web-2")])

    counts = set(DayCount.objects.values_list("host", "category", "count"))
    assert counts == {("web-1", "normal", 2), ("web-2", "normal", 1)}


def test_raises_one_alert_for_malware_of_one_path():
    store_logs([new_log(category="malware"), new_log(category="malware")])

    event = Alert.objects.get().event
    assert (event.severity, event.event_type, event.count) == ("CRITICAL", "fim.malware", 2)


def test_stores_a_repeated_event_id_once():
    store_logs([new_log(event_id=EVENT_ID)])

    stored = store_logs([new_log(event_id=EVENT_ID), new_log()])

    assert (len(stored.logs), len(stored.duplicates)) == (1, 1)
    assert FimLog.objects.count() == DayCount.objects.get().count == 2
