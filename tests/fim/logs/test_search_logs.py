"""GET /api/logs/?search=: literal text, in any case, in path, user or process."""

import pytest
from django.db import connection

from fim.logs import pagination
from fim.models import FimLog, Subject
from fim.store import search
from fim.store.dialect import dialect
from fim.store.write import store_logs
from tests.factories import make_log, new_log

pytestmark = pytest.mark.django_db


@pytest.fixture
def found(analyst_client):
    def found(text):
        answer = analyst_client.get("/api/logs/", {"search": text})
        return [log["path"] for log in answer.json()["results"]]

    return found


@pytest.mark.parametrize("field", ["path", "user", "process"])
def test_finds_a_part_of_a_text_in_any_case(found, field):
    log = make_log(**{field: "/srv/Shell.PHP"})
    make_log(path="/other")

    assert found("shell.p") == found("SHELL.P") == [log.path]


@pytest.mark.parametrize("field", ["host", "full_log", "rule", "owner", "executable"])
def test_looks_in_no_other_field(found, field):
    make_log(**{field: "needle"})

    assert found("needle") == []


@pytest.mark.parametrize("sign", ["%", "_", "\\", "'", '"', "[", "*", "?", ";--"])
def test_takes_a_sign_for_itself(found, sign):
    make_log(path=f"/srv/a{sign}b")
    make_log(path="/srv/axb")

    assert found(f"a{sign}b") == [f"/srv/a{sign}b"]


def test_finds_text_beyond_ascii(found):
    make_log(path="/srv/données \U0001f600")

    assert found("ées \U0001f600") == ["/srv/données \U0001f600"]


def test_answers_a_text_that_is_no_utf8(analyst_client):
    assert analyst_client.get("/api/logs/?search=%ED%A0%80%FF").status_code == 200


def test_finds_nothing(found):
    make_log()

    assert found("nowhere") == []


@pytest.mark.parametrize("most_subjects", [0, 2_000])
def test_finds_the_newest_first_however_common_the_text(analyst_client, monkeypatch, most_subjects):
    monkeypatch.setattr(search, "MAX_RARE_SUBJECTS", most_subjects)
    ids = [
        make_log(path=f"/srv/www/{n % 3}", timestamp=f"2026-03-14T0{n}:00:00Z").id
        for n in (3, 1, 2, 5, 4)
    ]

    answer = analyst_client.get("/api/logs/", {"search": "WWW"}).json()

    newest_first = [ids[place] for place in (3, 4, 0, 2, 1)]
    assert [log["id"] for log in answer["results"]] == newest_first


@pytest.mark.parametrize("text", ["/srv/www", "s", "sr", "mira"])
def test_keeps_the_other_filters(analyst_client, text):
    make_log(path="/srv/www/a", user="amira", host="web-1")
    make_log(path="/srv/www/a", user="amira", host="web-2")

    answer = analyst_client.get("/api/logs/", {"search": text, "host": "web-2"}).json()

    assert [log["host"] for log in answer["results"]] == ["web-2"]
    assert (answer["count"], answer["count_is_estimate"]) == (1, False)


@pytest.mark.parametrize(
    ("name", "value"),
    [("MAX_LOGS_READ", 0), ("_is_common", lambda *_: True)],
)
@pytest.mark.parametrize("beside", [{}, {"host": "web-2"}, {"action": "moved"}])
def test_finds_the_same_however_postgresql_reads(analyst_client, monkeypatch, name, value, beside):
    monkeypatch.setattr(f"fim.store.postgresql.{name}", value)
    for hour, host in enumerate(["web-1", "web-2", "web-2", "web-1"]):
        fields = {"host": host, "action": "moved", "timestamp": f"2026-03-14T0{hour}:00:00Z"}
        make_log(path=f"/srv/www/{hour % 2}", user="amira", **fields)
    make_log(path="/other", host="web-2", action="moved", user="ben")

    found = analyst_client.get("/api/logs/", {"search": "www", **beside}).json()
    by_user = analyst_client.get("/api/logs/", {"user": "amira", **beside}).json()

    hours = [2, 1] if "host" in beside else [3, 2, 1, 0]
    assert [log["timestamp"][12] for log in found["results"]] == list(map(str, hours))
    assert by_user == found


def test_pages_of_a_search_follow_each_other(analyst_client):
    ids = [log.id for log in store_logs([new_log(path=f"/{n % 7}") for n in range(25)]).logs]

    query = {"search": "/", "page_size": 10}
    pages = [analyst_client.get("/api/logs/", query | {"page": n}).json() for n in (1, 2, 3)]

    assert [log["id"] for page in pages for log in page["results"]] == ids[::-1]


def test_says_where_the_count_is_an_estimate(analyst_client, monkeypatch):
    monkeypatch.setattr(pagination.CappedResults, "CAP", 3)
    store_logs([new_log() for _ in range(5)])

    found = analyst_client.get("/api/logs/", {"search": "passwd"}).json()
    all_logs = analyst_client.get("/api/logs/").json()

    assert (found["count"], found["count_is_estimate"]) == (3, True)
    assert (all_logs["count"], all_logs["count_is_estimate"]) == (5, False)


def test_the_console_finds_the_same(client, admin):
    make_log(path="/srv/Shell.PHP")
    make_log(path="/other")
    client.force_login(admin)

    page = client.get("/admin/fim/fimlog/?search=shell").content.decode()

    assert ("Shell.PHP" in page, "/other" in page) == (True, False)


def test_a_path_with_its_user_and_process_is_one_subject():
    store_logs([new_log(), new_log(), new_log(user="root")])
    store_logs([new_log()])

    assert Subject.objects.count() == 2
    assert FimLog.objects.values("subject").distinct().count() == 2


if connection.vendor == "postgresql":

    @pytest.mark.parametrize(("limit", "found"), [(2, None), (20, 20)])
    def test_what_statistics_know_to_be_common_is_not_listed(limit, found):
        store_logs([new_log(path=f"/{n}", user="amira") for n in range(20)])
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE fim_subject")

        listed = dialect.search_subjects("amira", limit=limit)

        assert (listed and len(listed)) == found
