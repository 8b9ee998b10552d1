"""The index that searches of paths, users and processes read: trigrams, on both databases.

PostgreSQL needs its extension pg_trgm. Where the server does not ship it, or this user may not
install it, search goes through all subjects instead and a system check (fim.W004) says so; install
it later and run `manage.py migrate fim 0001 --fake` and `manage.py migrate fim`.
"""

from django.db import DatabaseError, migrations, transaction

COLUMNS = "path, user, process"
SQLITE = [
    "CREATE VIRTUAL TABLE IF NOT EXISTS fim_subject_search USING fts5("
    f"{COLUMNS}, content='fim_subject', content_rowid='id', tokenize='trigram',"
    " columnsize=0)",
    "CREATE TRIGGER IF NOT EXISTS fim_subject_is_searched AFTER INSERT ON fim_subject BEGIN"
    f" INSERT INTO fim_subject_search(rowid, {COLUMNS})"
    " VALUES (new.id, new.path, new.user, new.process); END",
]
SQLITE_BACK = [
    "DROP TRIGGER IF EXISTS fim_subject_is_searched",
    "DROP TABLE IF EXISTS fim_subject_search",
]
POSTGRES = ["CREATE EXTENSION IF NOT EXISTS pg_trgm"] + [
    f"CREATE INDEX IF NOT EXISTS fim_subject_{name}_trgm ON fim_subject"
    f" USING gin (upper(\"{name}\") gin_trgm_ops)"
    for name in ("path", "user", "process")
]
POSTGRES_BACK = [
    f"DROP INDEX IF EXISTS fim_subject_{name}_trgm" for name in ("path", "user", "process")
]


def create(apps, schema_editor):
    connection = schema_editor.connection
    if connection.vendor == "sqlite":
        run(connection, SQLITE)
        return
    try:
        with transaction.atomic(using=connection.alias):
            run(connection, POSTGRES)
    except DatabaseError:
        return  # without pg_trgm; the system check says so


def drop(apps, schema_editor):
    connection = schema_editor.connection
    run(connection, SQLITE_BACK if connection.vendor == "sqlite" else POSTGRES_BACK)


def run(connection, statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("fim", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]
