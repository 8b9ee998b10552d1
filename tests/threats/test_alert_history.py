from datetime import UTC, datetime

import pytest
import time_machine

from tests.factories import ALMA, make_alert
from tests.threats.test_event_detail import MISSING_IDS
from threats.services import change_alert_status

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


def url_of(alert):
    return f"/api/alerts/{alert.pk}/history/"


def make_history(changes):
    """Return an alert that went back and forth, all at one moment."""
    with time_machine.travel(NOON, tick=False):
        alert = make_alert()
        for number in range(changes):
            status = "OPEN" if number % 2 else "ACK"
            change_alert_status(alert, status=status, by=ALMA, note=f"{number}")
    return alert


def test_tells_who_changed_what_when_and_why(analyst_client, settings):
    settings.TIME_ZONE = "Asia/Jakarta"
    alert = make_history(1)

    response = analyst_client.get(url_of(alert))

    assert response.status_code == 200
    assert response.json() == {
        "count": 1,
        "next": None,
        "previous": None,
        "results": [
            {
                "changed_by": "alma",
                "from_status": "OPEN",
                "to_status": "ACK",
                "assigned_to": None,
                "changed_at": "2026-03-14T12:00:00Z",
                "note": "0",
            }
        ],
    }


def test_is_empty_for_an_alert_that_nobody_changed(analyst_client):
    assert analyst_client.get(url_of(make_alert())).json()["results"] == []


def test_pages_oldest_first_also_within_one_moment(analyst_client):
    alert = make_history(5)

    pages = [
        analyst_client.get(url_of(alert), {"page": page, "page_size": 2}).json()
        for page in (1, 2, 3)
    ]

    assert [change["note"] for page in pages for change in page["results"]] == list("01234")
    assert pages[0]["next"] == f"http://testserver{url_of(alert)}?page=2&page_size=2"


@pytest.mark.parametrize("changes", [1, 10])
def test_costs_three_queries_however_long(analyst_client, django_assert_num_queries, changes):
    alert = make_history(changes)

    with django_assert_num_queries(3):
        analyst_client.get(url_of(alert))


def test_shows_nothing_of_other_alerts(analyst_client):
    make_history(2)

    assert analyst_client.get(url_of(make_alert())).json()["count"] == 0


@pytest.mark.parametrize("query", ["page=0", "page=abc", "page_size=1001"])
def test_refuses_a_bad_page(analyst_client, query):
    assert analyst_client.get(f"{url_of(make_alert())}?{query}").status_code == 400


def test_answers_a_page_past_the_end_with_404(analyst_client):
    assert analyst_client.get(url_of(make_alert()), {"page": 2}).status_code == 404


@pytest.mark.parametrize("alert_id", MISSING_IDS, ids=lambda alert_id: alert_id[:25])
def test_answers_an_unknown_alert_with_404(analyst_client, alert_id):
    assert analyst_client.get(f"/api/alerts/{alert_id}/history/").status_code == 404


def test_refuses_nobody_and_keys(anonymous_client, sensor_client):
    url = url_of(make_alert())

    assert anonymous_client.get(url).status_code == 401
    assert sensor_client.get(url).status_code == 403


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nobody_rewrites_history(admin_client, method):
    response = getattr(admin_client, method)(url_of(make_alert()), {})

    assert response.status_code == 405
    assert response.json()["detail"] == f'Method "{method.upper()}" not allowed.'
