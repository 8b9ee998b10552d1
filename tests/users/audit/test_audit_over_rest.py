"""GET /api/audit/: for admins to read, for nobody to write."""

import pytest

from tests.factories import ALMA
from users.audit.actors import Actor
from users.audit.services import write_audit
from users.models import AuditAction, AuditEntry, Channel, Kind

pytestmark = pytest.mark.django_db

URL = "/api/audit/"


@pytest.fixture
def _entries(time_machine):
    time_machine.move_to("2026-03-14T12:00:00Z", tick=False)
    write_audit(ALMA, AuditAction.REVOKED, Kind.KEY, ref="abc", name="sensor-1")
    change = {"before": {"status": "OPEN"}, "after": {"status": "ACK"}}
    write_audit(
        Actor("ben", Channel.API), AuditAction.CHANGED, Kind.ALERT, ref=7, name="HIGH x", **change
    )


@pytest.mark.usefixtures("_entries")
def test_lists_newest_first(admin_client):
    first, second = admin_client.get(URL).json()["results"]

    assert second["person"] == "alma"
    first.pop("id")
    assert first == {
        "recorded_at": "2026-03-14T12:00:00Z",
        "person": "ben",
        "address": "",
        "channel": "api",
        "action": "changed",
        "kind": "alert",
        "ref": "7",
        "name": "HIGH x",
        "before": {"status": "OPEN"},
        "after": {"status": "ACK"},
    }


@pytest.mark.usefixtures("_entries")
@pytest.mark.parametrize(
    "query",
    [
        {"person": "alma"},
        {"channel": "console"},
        {"action": "revoked"},
        {"kind": "key", "ref": "abc"},
        {"address": "192.0.2.7"},
    ],
)
def test_filters(admin_client, query):
    assert [row["name"] for row in admin_client.get(URL, query).json()["results"]] == ["sensor-1"]


@pytest.mark.usefixtures("_entries")
@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"recorded_at_after": "2026-03-14T12:00:01Z"}, 0),
        ({"recorded_at_before": "2026-03-14T12:00:01Z"}, 2),
    ],
)
def test_filters_by_time(admin_client, query, count):
    assert admin_client.get(URL, query).json()["count"] == count


@pytest.mark.parametrize(
    "query",
    ["kind=pet", "action=x", "channel=window", "recorded_at_after=soon", "page=0", "person=%00"],
)
def test_refuses_a_bad_parameter(admin_client, query):
    assert admin_client.get(f"{URL}?{query}").status_code == 400


def test_is_for_admins(analyst_client, sensor_client, anonymous_client):
    for client, status in ((analyst_client, 403), (sensor_client, 403), (anonymous_client, 401)):
        assert client.get(URL).status_code == status


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.usefixtures("_entries")
def test_nobody_writes(admin_client, method):
    assert getattr(admin_client, method)(URL, {"person": "ben"}).status_code == 405
    assert AuditEntry.objects.count() == 2


@pytest.mark.parametrize("rows", [1, 10])
def test_costs_the_same_for_any_number(admin_client, django_assert_num_queries, rows):
    for _ in range(rows):
        write_audit(ALMA, AuditAction.ADDED, Kind.KEY)

    with django_assert_num_queries(2):
        admin_client.get(URL)
