"""SQLite reads logs by the index that leaves the fewest; PostgreSQL plans by its own statistics."""

import pytest
from django.db import connection
from django.http import QueryDict

from fim.logs.filters import FimLogFilter
from fim.models import FimLog

pytestmark = pytest.mark.django_db

LISTS = {
    "fimlog_timestamp": {},
    "fimlog_category": {"category": "malware"},
    "fimlog_action": {"action": "moved"},
    "fimlog_host": {"host": "web-1", "action": "moved", "category": "normal"},
    "fimlog_subject": {"subject_id__in": [1, 2, 3], "host": "web-1", "category": "normal"},
}

if connection.vendor == "sqlite":

    @pytest.mark.parametrize("index", LISTS)
    def test_the_list_reads_the_best_index(index):
        plan = FimLog.objects.filter(**LISTS[index]).newest().explain()

        assert f"USING INDEX {index}" in plan or f"USING COVERING INDEX {index}" in plan

    def test_columns_beside_the_best_index_are_looked_up_in_their_own():
        query = QueryDict("host=web-1&action=moved&status=normal")

        plan = FimLogFilter(query, FimLog.objects.newest()).qs.values("pk").explain()

        for index in ("fimlog_host", "fimlog_action", "fimlog_category"):
            assert f"USING COVERING INDEX {index}" in plan
        assert "PRIMARY KEY" not in plan

    @pytest.mark.parametrize(
        ("status", "index"), [("malware", "fimlog_category"), ("normal", "fimlog_action")]
    )
    def test_a_category_leads_to_the_logs_where_it_is_rare(status, index):
        query = QueryDict(f"status={status}&action=moved")

        plan = FimLogFilter(query, FimLog.objects.newest()).qs.values("pk").explain()

        assert f"INDEX {index}" in plan.splitlines()[0]

else:

    @pytest.mark.parametrize("index", LISTS)
    def test_the_index_is_there(index):
        with connection.cursor() as cursor:
            found = connection.introspection.get_constraints(cursor, "fim_fimlog")

        assert found[index]["index"]
