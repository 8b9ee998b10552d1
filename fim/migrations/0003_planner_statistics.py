"""What SQLite's planner needs to know of the indexes over logs: how many logs share a value.

Without it SQLite takes every index for as good as another, and reads all logs of a host where a
search has found ten. A node has no quiet hour in which to run ANALYZE over millions of logs, so the
numbers stand here, for ten million logs of fifty hosts; only their order of size matters. An
operator's own ANALYZE replaces them. PostgreSQL gathers its own.
"""

from django.db import migrations

# Index: logs in all, then how many share its first column, its first two, and so on.
STATISTICS = {
    "fimlog_timestamp": "10000000 1 1",
    "fimlog_category": "10000000 2500000 1 1",
    "fimlog_action": "10000000 2000000 1 1",
    "fimlog_host": "10000000 200000 1 1",
    "fimlog_subject": "10000000 50 1 1",
    "fimlog_unique_event_id_per_host": "10000000 200000 1",
}


def tell(apps, schema_editor):
    if schema_editor.connection.vendor != "sqlite":
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        cursor.execute("DELETE FROM sqlite_stat1 WHERE tbl = 'fim_fimlog'")
        for index, numbers in STATISTICS.items():
            cursor.execute(
                "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('fim_fimlog', %s, %s)",
                [index, numbers],
            )


def forget(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DELETE FROM sqlite_stat1 WHERE tbl = 'fim_fimlog'")


class Migration(migrations.Migration):
    dependencies = [("fim", "0002_search_index")]
    operations = [migrations.RunPython(tell, forget)]
