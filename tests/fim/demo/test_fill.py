"""The demo, filled once: what is in it is what a real node would have."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.db.models import Sum

from fim.demo.banner import is_demo
from fim.demo.services import DAYS, fill_demo
from fim.demo.story import HOST, SHELL
from fim.models import Category, DayCount, FimLog
from fim.models.hosts import Host
from fim.store.counts import recount
from threats.models import Alert, Event, Status
from users.models import AuditEntry, Key, User

# A Tuesday afternoon.
NOW = datetime(2026, 3, 17, 14, 30, tzinfo=UTC)
STORY_BEGINS = datetime(2026, 3, 17, 2, 11, 36, tzinfo=UTC)


@pytest.fixture(scope="module")
def progress(django_db_setup, django_db_blocker):
    """The demo is there for all tests of this module; this is how far it said it was."""
    steps = []
    with django_db_blocker.unblock(), transaction.atomic():
        count = fill_demo(password="", now=NOW, on_progress=lambda *step: steps.append(step))
        yield [*steps, count]
        transaction.set_rollback(True)


pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("progress")]


def alert_of(description):
    return Alert.objects.select_related("event").get(event__description__contains=description)


def test_says_how_far_it_is(progress):
    *steps, count = progress

    assert steps == sorted(steps)
    assert steps[-1][0] == steps[-1][1] > count == FimLog.objects.count() > 20_000


def test_covers_every_day_and_nothing_to_come():
    days = DayCount.objects.values_list("day", flat=True).distinct()

    assert days.count() == DAYS
    assert not FimLog.objects.filter(timestamp__gt=NOW).exists()
    assert not Event.objects.filter(last_seen_at__gt=NOW).exists()


def test_counts_are_those_of_a_recount():
    assert recount().drifted == 0


def test_weekends_are_quiet():
    of_day = (
        DayCount.objects.values_list("day__iso_week_day")
        .annotate(Sum("count"))
        .order_by("-day__iso_week_day")
    )

    sunday, saturday, *working_days = [count for _, count in of_day]
    assert max(saturday, sunday) < min(working_days) * 0.75


def test_every_bad_log_has_its_event():
    bad = FimLog.objects.filter(category__in=[Category.MALWARE, Category.DANGER]).count()
    counts = Event.objects.filter(event_type__startswith="fim.").values_list("count", flat=True)

    assert sum(counts) == bad


def test_events_and_alerts_are_as_old_as_what_they_tell():
    shell = alert_of(SHELL)
    first, *_, last = FimLog.objects.filter(path=SHELL).order_by("timestamp")

    assert first.timestamp == shell.created_at == shell.event.timestamp
    assert (last.timestamp, shell.event.count) == (shell.event.last_seen_at, 9)


def test_a_history_tells_who_did_what_when():
    history = [
        (change.changed_by, change.to_status, change.changed_at - STORY_BEGINS)
        for change in alert_of(SHELL).changes.exclude(note="")
    ]

    assert history == [
        ("anna", Status.ACK, timedelta(minutes=331)),
        ("ben", Status.ACK, timedelta(minutes=352)),
    ]


def test_the_audit_list_tells_the_same():
    entry = AuditEntry.objects.filter(kind="alert", ref=alert_of(SHELL).pk, person="ben").get()

    assert entry.recorded_at == STORY_BEGINS + timedelta(minutes=352)


def test_the_shell_leads_to_the_diffs_around_it():
    around = FimLog.objects.filter(
        host=HOST, timestamp__range=(STORY_BEGINS, STORY_BEGINS + timedelta(hours=1))
    )

    diffs = [log.attributes["diff"] for log in around if "diff" in log.attributes]
    assert any("+PermitRootLogin yes" in text for text in diffs)


def test_updates_are_explained_by_their_package():
    log = FimLog.objects.filter(path="/usr/sbin/nginx", host="web-1").newest()[0]

    assert log.attributes["explained_by"] == {
        "package": "nginx",
        "version": "1.22.1-9+deb12u3",
        "version_before": "1.22.1-9+deb12u2",
        "tool": "dpkg",
    }


def test_two_people_can_sign_in():
    usable = [user.username for user in User.objects.order_by("pk") if user.has_usable_password()]

    assert usable == ["admin", "analyst"]


def test_machines_have_keys():
    assert Key.objects.usable().count() > 10


def test_is_marked():
    assert is_demo()


def test_hosts_are_in_every_state():
    assert Host.objects.count_states(NOW) == {"alive": 13, "late": 1, "silent": 1, "unknown": 1}
    assert [host.name for host in Host.objects.exclude(blind_since=None)] == ["web-3"]


def test_nothing_is_known_of_a_silent_host():
    silent = Host.objects.silent(NOW).get()

    assert not FimLog.objects.filter(host=silent.name, timestamp__gt=silent.last_seen_at).exists()
    assert alert_of("build-2 sent no heartbeat").created_at < silent.last_seen_at + timedelta(
        minutes=10
    )
