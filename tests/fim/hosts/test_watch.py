"""The thread of a worker process that looks for silent hosts."""

import threading
from datetime import timedelta

import pytest
from django.db.backends.signals import connection_created
from django.utils import timezone

from fim.hosts import silence
from fim.models.hosts import HostCheck
from tests.factories import make_host
from tests.patience import wait_until
from threats.models import Event

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _small_steps(settings, monkeypatch):
    settings.HOST_CHECK_SECONDS = 0.05
    monkeypatch.setattr(silence._thread, "every_seconds", 0.05)
    yield
    silence.stop_watching()


def test_finds_a_host_that_falls_silent(settings):
    settings.HOST_SILENT_HEARTBEATS, settings.HOST_SLACK_SECONDS = 0, 0
    settings.HOST_LATE_HEARTBEATS = 0
    HostCheck.objects.create(pk=1, checked_at=timezone.now())
    make_host(received_at=timezone.now() - timedelta(seconds=1))

    silence.start_watching()

    wait_until(Event.objects.filter(event_type="host.silent").exists)


def test_leaves_no_connection_open_between_its_checks():
    made_in = []

    def count(**kwargs):
        made_in.append(threading.current_thread().name)

    connection_created.connect(count)

    silence.start_watching()

    wait_until(lambda: made_in.count("watch of hosts") > 2)
    connection_created.disconnect(count)
