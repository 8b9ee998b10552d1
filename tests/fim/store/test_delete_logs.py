"""DELETE /api/logs/ with the ids in the body."""

import pytest

from fim.models import DayCount, FimLog
from fim.store.write import store_logs
from tests.factories import make_log, new_log

pytestmark = pytest.mark.django_db

URL = "/api/logs/"


def delete(client, body):
    return client.delete(URL, body, format="json")


def test_deletes_and_says_how_many(admin_client):
    logs = store_logs([new_log() for _ in range(3)]).logs

    answer = delete(admin_client, {"ids": [logs[0].id, logs[2].id]})

    assert (answer.status_code, answer.json()) == (200, {"deleted": 2})
    assert FimLog.objects.get().id == logs[1].id
    assert DayCount.objects.get().count == 1


def test_counts_unknown_and_repeated_ids_for_nothing(admin_client):
    log = make_log()

    answer = delete(admin_client, {"ids": [log.id, log.id, log.id + 1, 2**63 - 1]})

    assert answer.json() == {"deleted": 1}


def test_takes_ids_as_strings(admin_client):
    assert delete(admin_client, {"ids": [str(make_log().pk)]}).json() == {"deleted": 1}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"ids": []},
        {"ids": None},
        {"ids": 1},
        {"ids": "1"},
        {"ids": {"0": 1}},
        {"ids": ["one"]},
        {"ids": [None]},
        {"ids": [1.5]},
        {"ids": [True]},
        {"ids": [[1]]},
        {"ids": [0]},
        {"ids": [-1]},
        {"ids": [2**63]},
        {"ids": [10**400]},
        {"ids": ["9" * 5000]},
        {"ids": ["\x00"]},
        {"id": 1},
    ],
)
def test_refuses_bad_ids(admin_client, body):
    make_log()

    answer = delete(admin_client, body)

    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["ids"])
    assert FimLog.objects.count() == 1


@pytest.mark.parametrize("body", [[1], 1, "1"])
def test_refuses_a_body_that_is_no_object(admin_client, body):
    assert delete(admin_client, body).status_code == 400


def test_takes_ten_thousand_ids(admin_client):
    log = make_log()

    answer = delete(admin_client, {"ids": list(range(log.id, log.id + 10_000))})

    assert (answer.status_code, answer.json()) == (200, {"deleted": 1})


@pytest.mark.parametrize("ids", [list(range(1, 10_002)), ["x"] * 100_000])
def test_refuses_more_in_one_sentence(admin_client, ids):
    answer = delete(admin_client, {"ids": ids})

    assert answer.status_code == 400
    assert answer.json()["fields"] == {
        "ids": [f"Has {len(ids)} ids; at most 10000 are deleted at once."]
    }


def test_lets_no_analyst_delete(analyst_client):
    log = make_log()

    answer = delete(analyst_client, {"ids": [log.id]})

    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert FimLog.objects.exists()


def test_lets_no_key_delete(agent_client):
    assert delete(agent_client, {"ids": [1]}).status_code == 403


def test_asks_who_deletes(anonymous_client):
    assert delete(anonymous_client, {"ids": [1]}).status_code == 401


@pytest.mark.parametrize("rows", [1, 100])
def test_costs_the_same_for_many(admin_client, django_assert_num_queries, rows):
    logs = store_logs([new_log() for _ in range(rows)]).logs

    # Begin, read, delete, count by day and by hour, audit, commit.
    with django_assert_num_queries(9):
        delete(admin_client, {"ids": [log.id for log in logs]})
