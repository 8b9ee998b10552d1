"""Let commits leave the search index of SQLite alone; fim.store.search_index brings it up behind them.

The mark is the newest subject that is in the index. Those of before are all in it.
"""

from django.db import migrations

FORWARD = [
    "DROP TRIGGER IF EXISTS fim_subject_is_searched",
    "CREATE TABLE fim_subject_search_mark (indexed_to INTEGER NOT NULL)",
    "INSERT INTO fim_subject_search_mark SELECT coalesce(max(id), 0) FROM fim_subject",
]
BACK = [
    "INSERT INTO fim_subject_search (rowid, path, user, process)"
    ' SELECT id, path, "user", process FROM fim_subject'
    " WHERE id > (SELECT indexed_to FROM fim_subject_search_mark)",
    "DROP TABLE fim_subject_search_mark",
    "CREATE TRIGGER fim_subject_is_searched AFTER INSERT ON fim_subject BEGIN"
    " INSERT INTO fim_subject_search (rowid, path, user, process)"
    " VALUES (new.id, new.path, new.user, new.process); END",
]


def take_out(apps, schema_editor):
    run(schema_editor, FORWARD)


def put_back(apps, schema_editor):
    run(schema_editor, BACK)


def run(schema_editor, statements):
    if schema_editor.connection.vendor == "sqlite":
        for statement in statements:
            schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("fim", "0006_dropped_ranges")]
    operations = [migrations.RunPython(take_out, put_back)]
