"""Heartbeats to a served node, and what it makes of their absence: two workers, one alert."""

import pytest

from tests.node import running_node
from tests.patience import wait_until

SOON = {
    "HOST_CHECK_SECONDS": "1",
    "HOST_LATE_HEARTBEATS": "1",
    "HOST_SILENT_HEARTBEATS": "2",
    "HOST_SLACK_SECONDS": "1",
    "WEB_WORKERS": "2",
}


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    with running_node(tmp_path_factory.mktemp("node"), **SOON) as node:
        yield node


# What a node finds that was down for an hour.
AN_HOUR_PASSES = """
from datetime import timedelta
from django.apps import apps
hour = timedelta(hours=1)
moments = {"Host": ["last_seen_at", "late_at", "silent_at"], "HostCheck": ["checked_at"]}
for model, names in moments.items():
    for row in apps.get_model("fim", model).objects.exclude(**{names[0]: None}):
        for name in names:
            setattr(row, name, getattr(row, name) - hour)
        row.save()
"""


def beat(node, host, *, every_seconds=3600):
    body = {"host": host, "every_seconds": every_seconds, "source": "picket-agent"}
    status, answer, _ = node.request("POST", "/api/hosts/heartbeat/", body)
    assert (status, answer["state"]) == (200, "alive")


def events(node, host):
    found = node.as_admin("GET", f"/api/events/?source_name={host}&ordering=timestamp")[1]
    return [(event["event_type"], event["severity"], event["count"]) for event in found["results"]]


def state(node, host):
    return node.as_admin("GET", f"/api/hosts/{host}/")[1]["state"]


def post_log(node, host):
    log = {"host": host, "path": "/etc/passwd", "action": "modified"}
    assert node.request("POST", "/api/ingest/fim/", log)[0] == 201


def wait_until_known(node, host):
    """The node's next look makes a host known that posted logs alone."""
    wait_until(lambda: node.as_admin("GET", f"/api/hosts/?name={host}")[1]["count"])


def test_a_silent_host_is_one_alert_and_its_return_is_noted(node):
    beat(node, "web-1", every_seconds=1)

    wait_until(lambda: events(node, "web-1"))
    for host in ("look-1", "look-2"):
        post_log(node, host)
        wait_until_known(node, host)

    assert state(node, "web-1") == "silent"
    assert events(node, "web-1") == [("host.silent", "HIGH", 1)]
    alerts = node.as_admin("GET", "/api/alerts/?event__source_name=web-1")[1]
    assert alerts["count"] == 1

    beat(node, "web-1")

    assert events(node, "web-1") == [("host.silent", "HIGH", 1), ("host.returned", "LOW", 1)]
    history = node.as_admin("GET", f"/api/alerts/{alerts['results'][0]['id']}/history/")[1]
    assert [change["changed_by"] for change in history["results"]] == ["the node"]


def test_a_node_that_was_down_raises_no_alert_for_hosts_that_report_again(node):
    beat(node, "db-1", every_seconds=60)
    node.stop()
    node.manage("shell", "-c", AN_HOUR_PASSES)
    node.start()
    post_log(node, "look-3")
    wait_until_known(node, "look-3")

    assert state(node, "db-1") == "alive"
    assert events(node, "db-1") == []


def test_a_canary_is_ignored_whichever_way_it_takes(node):
    log = {"host": "web-2", "path": "/srv/.picket-canary", "action": "modified"}
    # Each worker learns of the short way from the first log that it stores.
    assert {node.request("POST", "/api/ingest/fim/", log)[0] for _ in range(8)} == {201}

    canary = log | {"attributes": {"canary": True}}
    answers = [node.request("POST", "/api/ingest/fim/", canary)[:2] for _ in range(8)]

    assert {(status, answer["ignored"]) for status, answer in answers} == {(200, 1)}
    assert node.as_admin("GET", "/api/logs/?host=web-2")[1]["count"] == 8


def test_a_host_that_posts_logs_alone_is_shown_as_unknown(node):
    post_log(node, "foreign-1")

    wait_until_known(node, "foreign-1")

    assert state(node, "foreign-1") == "unknown"
