"""What an agent says against itself becomes events: it went blind, it lost logs."""

from datetime import timedelta

import pytest

from fim.models.hosts import Host
from tests.factories import ALMA, NOON, make_host
from threats.models import Alert, AlertChange, Event
from threats.services import resolve_alert

pytestmark = pytest.mark.django_db

BLIND = {"blind_since": NOON - timedelta(minutes=5), "blind_roots": ["/srv", "/etc"]}


def dropped(first, last, count=None):
    return {"first_seq": first, "last_seq": last, "count": count or last - first + 1}


def drops(*ranges):
    make_host(dropped=ranges)
    return list(Event.objects.order_by("pk").values_list("event_type", "severity"))


def last_ranges():
    host = Host.objects.with_last_dropped().get()
    return [dropped(each.first_seq, each.last_seq, each.count) for each in host.last_dropped]


def test_going_blind_raises_one_open_alert():
    make_host()

    for _ in range(3):
        make_host(**BLIND)

    alert = Alert.objects.get()
    assert (alert.event.event_type, alert.event.severity, alert.event.count) == (
        "host.blind",
        "HIGH",
        1,
    )
    assert alert.event.description == (
        "The agent of web-1 is blind since 2026-03-14T11:55:00Z: it does not see what changes"
        " below /srv, /etc."
    )


def test_a_first_heartbeat_may_be_a_blind_one():
    make_host(**BLIND)

    assert Event.objects.get().event_type == "host.blind"


def test_many_long_roots_are_named_in_short():
    make_host(**BLIND | {"blind_roots": ["/" + "x" * 4_000] * 100})

    description = Event.objects.get().description
    assert len(description) < 2_000
    assert description.endswith(" and 95 more.")


def test_seeing_again_is_an_event_and_a_note_in_the_alert():
    make_host(**BLIND)

    make_host()
    make_host()

    event = Event.objects.get(event_type="host.sees_again")
    assert (event.severity, event.description) == (
        "LOW",
        "The agent of web-1 sees changes again since 2026-03-14T12:00:00Z; it was blind since"
        " 2026-03-14T11:55:00Z.",
    )
    assert AlertChange.objects.get().note == event.description
    assert Alert.objects.get().status == "OPEN"


def test_going_blind_again_counts_on_the_same_alert_or_opens_a_new_one():
    for _ in range(2):
        make_host(**BLIND)
        make_host()
    assert Alert.objects.get().event.count == 2

    resolve_alert(Alert.objects.get(), by=ALMA)
    make_host(**BLIND)

    assert Alert.objects.filter(status="OPEN").count() == 1


def test_blindness_of_this_nodes_own_absence_is_shown_and_raises_nothing():
    make_host(**BLIND, blind_reason="node")

    host = Host.objects.get()
    assert (host.is_blind, host.blind_reason, Event.objects.count()) == (True, "node", 0)
    assert not make_host().is_blind
    assert not Event.objects.exists()


def test_it_is_an_alert_once_the_node_answers_and_the_logs_still_do_not_come():
    make_host(**BLIND, blind_reason="node")

    make_host(**BLIND, blind_reason="sending")
    make_host(**BLIND, blind_reason="node")
    make_host()

    blind, sees_again = Event.objects.order_by("pk")
    assert (blind.severity, sees_again.event_type) == ("HIGH", "host.sees_again")
    assert "its logs do not arrive of what changes below /srv, /etc." in blind.description


def test_a_time_of_blindness_that_is_over_is_noted_once():
    span = {"since": NOON - timedelta(minutes=5), "until": NOON, "reason": "node"}

    for _ in range(2):
        make_host(was_blind=[span])

    event = Event.objects.get()
    assert (event.event_type, event.severity) == ("host.was_blind", "LOW")
    assert event.description == (
        "The agent of web-1 was blind from 2026-03-14T11:55:00Z until 2026-03-14T12:00:00Z: this"
        " node did not answer."
    )
    assert not Alert.objects.exists()


def test_a_time_in_which_the_kernel_told_nothing_is_an_alert_when_it_is_over_too():
    make_host(was_blind=[{"since": NOON, "until": NOON, "reason": "watching"}])

    assert Alert.objects.get().event.event_type == "host.was_blind"


def test_each_range_of_dropped_logs_is_one_medium_event_and_no_alert():
    assert drops(dropped(1, 20, 12), dropped(40, 49)) == [("host.dropped_logs", "MEDIUM")] * 2

    assert Host.objects.get().dropped_count == 22
    assert not Alert.objects.exists()
    assert Event.objects.order_by("pk").first().description == (
        "The agent of web-1 dropped 12 logs from 1 to 20 of its seq: its spool was full."
    )


def test_a_range_that_is_sent_again_counts_once():
    drops(dropped(1, 20), dropped(40, 49))

    drops(dropped(1, 20))
    drops(dropped(40, 49), dropped(60, 60), dropped(60, 60))

    assert (Host.objects.get().dropped_count, Event.objects.count()) == (31, 3)
    assert last_ranges() == [dropped(60, 60), dropped(40, 49), dropped(1, 20)]


def test_of_a_range_that_grew_before_its_receipt_came_the_growth_counts():
    drops(dropped(1, 20))

    drops(dropped(1, 30))

    assert (Host.objects.get().dropped_count, last_ranges()) == (30, [dropped(1, 30)])
    assert [
        event.description.split(" logs ")[0][-2:] for event in Event.objects.order_by("pk")
    ] == [
        "20",
        "10",
    ]


def test_an_agent_that_lost_its_state_may_drop_the_same_numbers_again():
    make_host(started_at=NOON, seq=500, dropped=[dropped(1, 20)])

    make_host(started_at=NOON + timedelta(hours=1), seq=30, dropped=[dropped(1, 10)])

    assert (Host.objects.get().dropped_count, last_ranges()) == (30, [dropped(1, 10)])


def test_very_many_ranges_are_one_event_and_counted_once_too():
    ranges = [dropped(number * 10, number * 10 + 4) for number in range(1_200)]

    for _ in range(2):
        make_host(dropped=ranges)

    assert Host.objects.get().dropped_count == 6_000
    assert last_ranges() == ranges[:-21:-1]
    assert Event.objects.get().description == (
        "The agent of web-1 dropped 6000 logs in 1200 ranges from 0 to 11994 of its seq: its spool"
        " was full."
    )


def test_many_ranges_cost_a_few_statements(django_assert_max_num_queries):
    ranges = [dropped(number * 10, number * 10 + 4) for number in range(1_200)]

    with django_assert_max_num_queries(30):
        make_host(dropped=ranges)


def test_the_total_has_an_end():
    most = dropped(0, 2**63 - 2)

    make_host(dropped=[most, dropped(1, 2**63 - 1)])

    assert Host.objects.get().dropped_count == 2**63 - 1


def test_two_hosts_may_drop_the_same_numbers():
    make_host("web-1", dropped=[dropped(1, 2)])
    make_host("web-2", dropped=[dropped(1, 2)])

    assert Event.objects.count() == 2
