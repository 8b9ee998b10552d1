"""A host that falls silent raises one HIGH event, and its return is noted."""

from datetime import date, timedelta

import pytest
from django.db import OperationalError, connection

from fim.hosts.services import check_hosts, record_silence_once
from fim.models import DayCount
from fim.models.hosts import Host, HostCheck
from tests.factories import ALMA, NOON, make_host, make_log
from tests.threats.parallel import at_once
from threats.models import Alert, AlertChange, Event
from threats.services import resolve_alert

pytestmark = pytest.mark.django_db

# A heartbeat every 60 seconds, five of them, and the slack.
SILENT_AFTER = 315


def check(*, seconds, **gaps):
    """Look as so many seconds after noon; the last look is not long ago unless a test says so."""
    now = NOON + timedelta(seconds=seconds)
    HostCheck.objects.update_or_create(pk=1, defaults={"checked_at": now - timedelta(seconds=15)})
    return look(seconds=seconds, **gaps)


def look(*, seconds, max_gap=30, min_gap=0):
    return check_hosts(
        now=NOON + timedelta(seconds=seconds),
        max_gap=timedelta(seconds=max_gap),
        min_gap=timedelta(seconds=min_gap),
    )


def hear(*, seconds, **fields):
    return make_host(received_at=NOON + timedelta(seconds=seconds), **fields)


def test_a_late_host_raises_nothing():
    make_host()

    assert check(seconds=SILENT_AFTER - 1) == 0
    assert not Event.objects.exists()


def test_a_silent_host_raises_one_open_alert():
    make_host()

    assert check(seconds=SILENT_AFTER) == 1

    alert = Alert.objects.get()
    assert (alert.status, alert.event.severity, alert.event.count) == ("OPEN", "HIGH", 1)
    assert (alert.event.source_name, alert.event.event_type) == ("web-1", "host.silent")
    assert alert.event.description == (
        "web-1 sent no heartbeat since 2026-03-14T12:00:00Z; the next was due 60 s later."
    )


def test_later_looks_tell_the_same_silence_no_more():
    make_host()

    assert [check(seconds=SILENT_AFTER + more) for more in (0, 15, 3_600, 86_400)] == [1, 0, 0, 0]
    assert Event.objects.get().count == 1


def test_a_deleted_event_does_not_come_back():
    make_host()
    check(seconds=SILENT_AFTER)
    Event.objects.all().delete()

    check(seconds=SILENT_AFTER + 15)

    assert not Event.objects.exists()


def test_its_return_is_an_event_and_a_note_in_the_alert():
    make_host()
    check(seconds=SILENT_AFTER)

    hear(seconds=400)

    returned = Event.objects.get(event_type="host.returned")
    note = AlertChange.objects.get()
    assert (returned.severity, returned.source_name, hasattr(returned, "alert")) == (
        "LOW",
        "web-1",
        False,
    )
    assert returned.description == note.note
    assert note.note == (
        "web-1 is heard again since 2026-03-14T12:06:40Z; the last time was 2026-03-14T12:00:00Z."
    )
    assert (note.changed_by, note.from_status, note.to_status) == ("the node", "OPEN", "OPEN")


def test_further_heartbeats_are_no_return():
    make_host()
    check(seconds=SILENT_AFTER)

    for seconds in (400, 460, 520):
        hear(seconds=seconds)

    assert Event.objects.filter(event_type="host.returned").count() == 1


def test_its_return_leaves_a_resolved_alert_as_it_is():
    make_host()
    check(seconds=SILENT_AFTER)
    resolve_alert(Alert.objects.get(), by=ALMA)

    hear(seconds=400)

    assert Alert.objects.get().status == "RESOLVED"
    assert AlertChange.objects.count() == 1


def test_the_next_silence_counts_on_the_same_alert_while_it_is_unresolved():
    make_host()
    check(seconds=SILENT_AFTER)
    hear(seconds=400)

    check(seconds=400 + SILENT_AFTER)

    assert Alert.objects.get().event.count == 2


def test_the_next_silence_after_a_resolved_one_is_a_new_alert():
    make_host()
    check(seconds=SILENT_AFTER)
    resolve_alert(Alert.objects.get(), by=ALMA)
    hear(seconds=400)

    check(seconds=400 + SILENT_AFTER)

    assert Alert.objects.filter(status="OPEN").count() == 1


def test_each_host_has_an_alert_of_its_own():
    make_host("web-1")
    make_host("web-2")

    assert check(seconds=SILENT_AFTER) == 2
    assert Alert.objects.count() == 2


def test_an_agent_that_comes_seldom_has_more_time():
    make_host(every_seconds=600)

    assert [check(seconds=seconds) for seconds in (SILENT_AFTER, 3_014, 3_015)] == [0, 0, 1]


def test_asks_the_settings(settings):
    settings.HOST_SILENT_HEARTBEATS, settings.HOST_SLACK_SECONDS = 3, 1
    make_host()

    assert [check(seconds=seconds) for seconds in (180, 181)] == [0, 1]


def test_a_node_that_was_down_gives_every_host_its_whole_time_again():
    make_host()
    look(seconds=0)

    assert look(seconds=3_600) == 0
    assert Host.objects.late(NOON + timedelta(seconds=3_599)).count() == 0
    assert check(seconds=3_600 + SILENT_AFTER - 1) == 0
    assert check(seconds=3_600 + SILENT_AFTER) == 1


def test_a_host_that_was_silent_before_the_node_was_down_stays_so():
    make_host()
    check(seconds=SILENT_AFTER)

    assert look(seconds=86_400) == 0
    assert Host.objects.silent(NOON + timedelta(seconds=86_400)).count() == 1
    assert Event.objects.get().count == 1


def test_a_host_whose_silence_was_not_told_before_the_node_was_down_gets_its_time_again():
    make_host()
    look(seconds=SILENT_AFTER - 10)

    assert look(seconds=3_600) == 0
    assert check(seconds=3_600 + SILENT_AFTER) == 1


def test_the_first_look_ever_finds_nobody_silent_of_old():
    make_host()

    assert look(seconds=86_400) == 0


# PostgreSQL has no such switch for a transaction that goes on.
if connection.vendor == "sqlite":

    def test_a_time_in_which_no_heartbeat_could_be_stored_is_no_silence():
        make_host()
        look(seconds=0)
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA query_only=1")
        for seconds in range(15, 600, 15):
            with pytest.raises(OperationalError):
                look(seconds=seconds)
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA query_only=0")

        assert look(seconds=600) == 0
        assert Host.objects.alive(NOON + timedelta(seconds=600)).exists()


def test_a_clock_that_was_set_back_is_no_silence():
    make_host(received_at=NOON + timedelta(days=1))
    HostCheck.objects.create(pk=1, checked_at=NOON + timedelta(days=1))

    assert [look(seconds=seconds) for seconds in (0, 15)] == [0, 0]
    assert check(seconds=SILENT_AFTER) == 1


def test_a_short_gap_gives_no_time():
    make_host()
    check(seconds=SILENT_AFTER - 30)

    assert look(seconds=SILENT_AFTER) == 1


def test_a_look_that_another_process_just_made_is_not_made_again():
    make_host()
    check(seconds=SILENT_AFTER - 5)

    assert look(seconds=SILENT_AFTER, min_gap=7) == 0
    assert look(seconds=SILENT_AFTER + 2, min_gap=7) == 1


def test_a_look_that_finds_nothing_costs_the_same_for_many_hosts(django_assert_num_queries):
    for number in range(20):
        make_host(f"web-{number}")
    check(seconds=10)

    # The last look; the new one, with its savepoints; names; silent hosts.
    with django_assert_num_queries(6):
        look(seconds=20)


def test_a_host_that_posts_logs_alone_is_unknown_and_never_silent():
    make_log(host="foreign-1")
    make_log(host="foreign-2", category="danger")

    check(seconds=0)
    check(seconds=30 * 86_400)

    assert list(Host.objects.unknown().values_list("name", flat=True)) == ["foreign-1", "foreign-2"]
    assert not Event.objects.filter(event_type="host.silent").exists()


def test_a_host_of_old_or_deleted_logs_is_not_added():
    for day, count in ((date(2026, 3, 12), 5), (date(2026, 3, 14), 0)):
        DayCount.objects.create(day=day, host=f"old-{count}", category="normal", count=count)

    check(seconds=0)

    assert not Host.objects.exists()


def test_an_unknown_hosts_first_heartbeat_makes_it_alive():
    make_log(host="web-1")
    check(seconds=0)

    hear(seconds=5)

    assert Host.objects.alive(NOON + timedelta(seconds=5)).get().name == "web-1"
    assert not Event.objects.exists()


def test_a_host_that_is_heard_between_the_look_and_the_telling_is_not_told_of():
    host = make_host()
    hear(seconds=SILENT_AFTER)

    assert not record_silence_once(host)
    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_looks_at_once_tell_each_silence_once():
    for number in range(5):
        make_host(f"web-{number}")
    HostCheck.objects.create(pk=1, checked_at=NOON + timedelta(seconds=SILENT_AFTER - 5))

    told = at_once(*[lambda: look(seconds=SILENT_AFTER)] * 8)

    assert sum(told) == 5
    assert list(Event.objects.values_list("count", flat=True)) == [1] * 5


@pytest.mark.django_db(transaction=True)
def test_a_heartbeat_that_meets_the_look_leaves_a_host_that_is_told_of_rightly():
    make_host()
    HostCheck.objects.create(pk=1, checked_at=NOON + timedelta(seconds=SILENT_AFTER - 5))

    outcomes = at_once(lambda: look(seconds=SILENT_AFTER), lambda: hear(seconds=SILENT_AFTER).name)

    kinds = sorted(Event.objects.values_list("event_type", flat=True))
    assert kinds == (["host.returned", "host.silent"] if outcomes[0] else [])
    assert not Host.objects.get().is_silence_told
