"""Let the database itself refuse to change the audit list.

A later migration that makes SQLite build the table anew drops these triggers with the old one: it
must make them again. Emptying the table whole (TRUNCATE on PostgreSQL) is left to its owner.
"""

from django.db import migrations

TABLE = "users_auditentry"
REFUSAL = "the audit list is added to and never changed"
SQLITE = [
    f"CREATE TRIGGER IF NOT EXISTS {TABLE}_no_{verb} BEFORE {verb} ON {TABLE}"
    f" BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    for verb in ("update", "delete")
]
SQLITE_BACK = [f"DROP TRIGGER IF EXISTS {TABLE}_no_{verb}" for verb in ("update", "delete")]
POSTGRES = [
    f"CREATE OR REPLACE FUNCTION {TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql AS"
    f" $$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation';"
    " END $$",
    f"CREATE TRIGGER {TABLE}_append_only BEFORE UPDATE OR DELETE ON {TABLE}"
    f" FOR EACH ROW EXECUTE FUNCTION {TABLE}_refuse()",
]
POSTGRES_BACK = [
    f"DROP TRIGGER IF EXISTS {TABLE}_append_only ON {TABLE}",
    f"DROP FUNCTION IF EXISTS {TABLE}_refuse()",
]


def create(apps, schema_editor):
    run(schema_editor, SQLITE, POSTGRES)


def drop(apps, schema_editor):
    run(schema_editor, SQLITE_BACK, POSTGRES_BACK)


def run(schema_editor, sqlite, postgres):
    with schema_editor.connection.cursor() as cursor:
        for statement in sqlite if schema_editor.connection.vendor == "sqlite" else postgres:
            cursor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("users", "0002_audit_entry")]
    operations = [migrations.RunPython(create, drop)]
