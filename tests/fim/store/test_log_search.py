"""What a search carries: its subjects, and the logs that they were chosen from."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fim.models import FimLog
from fim.store.search import LogSearch, search_logs
from tests.factories import make_log

pytestmark = pytest.mark.django_db


@pytest.fixture
def logs():
    make_log(path="/srv/www/a", host="web-1")
    make_log(path="/srv/www/b", host="web-2")
    return make_log(path="/other", host="web-2").subject_id


def of(text, **filters):
    return search_logs(LogSearch(FimLog.objects.newest()), text).filter(**filters)


@pytest.mark.usefixtures("logs")
def test_another_filter_keeps_the_subjects():
    plain, filtered = of("www"), of("www").filter(host="web-2").filter(action="modified")

    assert len(plain.subjects) == 2
    assert filtered.subjects == plain.subjects
    assert [log.path for log in of("www", host="web-2").logs] == ["/srv/www/b"]


@pytest.mark.usefixtures("logs")
def test_a_second_search_narrows_the_first():
    both = search_logs(of("www"), "/b")

    assert [log.path for log in both.logs] == ["/srv/www/b"]
    assert both.newest_ids(5) == [log.pk for log in both.logs]


def test_without_subjects_it_finds_all(logs):
    search = LogSearch(FimLog.objects.newest())

    assert search.newest_ids(2) == [log.pk for log in FimLog.objects.newest()[:2]]


if connection.vendor == "postgresql":

    @pytest.mark.usefixtures("logs")
    @pytest.mark.parametrize("path", ["/api/logs/", "/dhimp/api/logs/"])
    def test_the_newest_of_each_subject_are_read_beside_any_filter(analyst_client, path):
        with CaptureQueriesContext(connection) as queries:
            answer = analyst_client.get(path, {"search": "www", "status": "normal"})

        assert answer.json()["count"] == 2
        assert any("CROSS JOIN LATERAL" in query["sql"] for query in queries)
