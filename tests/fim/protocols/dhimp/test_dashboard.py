"""What the DHIMP platform's dashboard asks, and how it is answered: in its own words."""

import pytest
import time_machine
from rest_framework.test import APIClient

from fim.hosts import incron
from fim.models import DayCount, FimLog
from fim.store.write import store_logs
from tests.factories import NOON, PASSWORD, make_log, new_log

pytestmark = pytest.mark.django_db

API = "/dhimp/api/"
NONE = {"malware": 0, "bahaya": 0, "mencurigakan": 0, "normal": 0}


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def logs():
    return store_logs(
        [new_log(path=f"/{word}", category=word) for word in ("malware", "danger", "suspicious")]
        + [new_log(path="/normal"), new_log(path="/old", timestamp="2026-03-13T12:00:00Z")]
    ).logs


def test_signs_in_and_uses_the_token(admin):
    client = APIClient()

    answer = client.post(f"{API}login/", {"username": admin.username, "password": PASSWORD})

    assert answer.status_code == 200
    assert answer.json().keys() == {"message", "token"}
    bearer = {"Authorization": f"Bearer {answer.json()['token']}"}
    assert APIClient().get(f"{API}check-auth/", headers=bearer).status_code == 200
    assert APIClient().get(f"{API}logs/", headers=bearer).status_code == 200


def test_signs_out(anonymous_client):
    assert anonymous_client.post(f"{API}logout/").status_code == 200


def test_shows_a_log_in_its_words(analyst_client, settings):
    settings.TIME_ZONE = "Asia/Jakarta"
    log = make_log(
        timestamp="2026-03-13T18:30:05Z",
        severity="[BAHAYA]",
        action="DIUBAH",
        path="/etc/shadow",
        user="root",
        process="vim -> /root",
        full_log="line",
    )

    answer = analyst_client.get(f"{API}logs/").json()

    assert answer == {"count": 1, "next": None, "previous": None, "results": [{
        "id": log.id,
        "tanggal": "2026-03-14",
        "jam": "01:30:05",
        "metode": "DIUBAH",
        "nama_file": "shadow",
        "path_lengkap": "/etc/shadow",
        "tag": "[BAHAYA]",
        "user": "root",
        "comm": "vim",
        "exe": "/root",
        "full_log": "line",
    }]}  # fmt: skip
    assert analyst_client.get(f"{API}logs/{log.id}/").json() == answer["results"][0]


@pytest.mark.parametrize(
    ("process", "executable", "comm", "exe"),
    [
        ("vim -> /root", "", "vim", "/root"),
        ("vim->/root", "/usr/bin/vim", "vim", "/root"),
        ("vim", "/usr/bin/vim", "vim", "/usr/bin/vim"),
        ("a -> b -> c", "", "a", "b -> c"),
        ("vim ->", "/usr/bin/vim", "vim", ""),
        ("", "", "", ""),
    ],
)
def test_splits_the_process(analyst_client, process, executable, comm, exe):
    make_log(process=process, executable=executable)

    log = analyst_client.get(f"{API}logs/").json()["results"][0]

    assert (log["comm"], log["exe"]) == (comm, exe)


@pytest.mark.parametrize(
    ("category", "tag"),
    [
        ("malware", "[MALWARE]"),
        ("danger", "[BAHAYA]"),
        ("suspicious", "[KEGIATAN MENCURIGAKAN]"),
        ("normal", "Normal"),
    ],
)
def test_shows_the_tag_of_the_category_where_no_severity_was_sent(analyst_client, category, tag):
    make_log(category=category)

    assert analyst_client.get(f"{API}logs/").json()["results"][0]["tag"] == tag


@pytest.mark.parametrize("attributes", [{}, {"action_sent": 7}, {"action_sent": {"a": 1}}])
def test_shows_the_action_where_no_word_of_the_agent_is_kept(analyst_client, attributes):
    make_log(action="modified", attributes=attributes)

    assert analyst_client.get(f"{API}logs/").json()["results"][0]["metode"] == "modified"


@pytest.mark.usefixtures("logs")
@pytest.mark.parametrize(
    ("status", "path"),
    [
        ("bahaya", "/danger"),
        ("mencurigakan", "/suspicious"),
        ("malware", "/malware"),
        ("danger", "/danger"),
    ],
)
def test_filters_by_its_own_words(analyst_client, status, path):
    answer = analyst_client.get(f"{API}logs/", {"status": status}).json()

    assert [log["path_lengkap"] for log in answer["results"]] == [path]


@pytest.mark.usefixtures("logs")
def test_filters_normal_logs_and_pages(analyst_client):
    answer = analyst_client.get(f"{API}logs/", {"status": "normal", "page_size": 1}).json()

    assert (answer["count"], len(answer["results"])) == (2, 1)
    assert answer["next"].startswith("http://testserver/dhimp/api/logs/?")


@pytest.mark.parametrize("many", [False, True])
def test_deletes_one_log_or_many(admin_client, logs, many):
    body = {"ids": [logs[0].id, logs[1].id]} if many else {"id": logs[0].id}

    answer = admin_client.delete(f"{API}logs/", body, format="json")

    deleted = 1 + many
    assert answer.status_code == 200
    assert answer.json() == {"deleted": deleted, "message": f"{deleted} logs were deleted."}
    assert FimLog.objects.count() == 5 - deleted
    assert sum(DayCount.objects.values_list("count", flat=True)) == 5 - deleted


@pytest.mark.parametrize(
    "body", [{}, {"id": None}, {"id": "x"}, {"id": [1]}, {"id": 10**30}, {"ids": []}, [1]]
)
def test_refuses_bad_ids(admin_client, body):
    answer = admin_client.delete(f"{API}logs/", body, format="json")

    assert answer.status_code == 400
    assert answer.json()["message"] == answer.json()["detail"]


@pytest.mark.usefixtures("logs")
@pytest.mark.parametrize("path", ["logs/analytics/", "logs/stats-by-date/?date=2026-03-14"])
def test_counts_a_day(analyst_client, path):
    assert analyst_client.get(API + path).json() == {
        "tanggal_analisis": "2026-03-14",
        "total_perubahan_hari_ini": 4,
        "detail": {"malware": 1, "bahaya": 1, "mencurigakan": 1, "normal": 1},
    }


@pytest.mark.usefixtures("logs")
def test_counts_the_last_days(analyst_client):
    answer = analyst_client.get(f"{API}logs/analytics/historical/", {"days": 3}).json()

    each = {"malware": 1, "bahaya": 1, "mencurigakan": 1, "normal": 1}
    assert answer == [
        {"tanggal": "2026-03-12", "total_perubahan": 0, "detail": NONE},
        {"tanggal": "2026-03-13", "total_perubahan": 1, "detail": NONE | {"normal": 1}},
        {"tanggal": "2026-03-14", "total_perubahan": 4, "detail": each},
    ]


@pytest.mark.usefixtures("logs")
@pytest.mark.parametrize("path", ["logs/today/", "logs/by-date/?date=2026-03-14"])
def test_shows_a_days_logs_in_four_lists(analyst_client, path):
    answer = analyst_client.get(API + path).json()

    assert {word: [log["path_lengkap"] for log in logs] for word, logs in answer.items()} == {
        "malware": ["/malware"],
        "bahaya": ["/danger"],
        "mencurigakan": ["/suspicious"],
        "normal": ["/normal"],
    }


def test_asks_for_incron(analyst_client, settings, monkeypatch):
    monkeypatch.setattr(incron, "PROCESS_NAME", "no-such-incrond")
    settings.INCRON_STATUS_PATH = "/nowhere"

    assert analyst_client.get(f"{API}incron/control/").json()["is_running"] is False


@pytest.mark.parametrize(
    ("path", "queries"),
    [("logs/", 2), ("logs/analytics/", 1), ("logs/analytics/historical/", 1), ("logs/today/", 5)],
)
def test_costs_the_same_queries_whatever_is_stored(
    analyst_client, django_assert_num_queries, path, queries
):
    store_logs([new_log(host=f"web-{number}") for number in range(60)])

    with django_assert_num_queries(queries):
        analyst_client.get(f"{API}{path}")
