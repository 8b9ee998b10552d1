"""What SQLite and PostgreSQL need told differently. Elsewhere the code knows no dialect."""

from django.db import connection

from fim.models import FimLog


def reserve_ids(count: int) -> list[int] | None:
    """Return the next ids of logs, rising, or None where the insert itself may number them.

    PostgreSQL has many writers, so rows go in by event id, which keeps two batches from waiting
    for each other; reserved ids still tell the order in which they were received. SQLite has one
    writer.
    """
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [FimLog._meta.db_table, count],
        )
        return sorted(row[0] for row in cursor.fetchall())


def hold_counts_still() -> None:
    """On PostgreSQL, let no other transaction change counts meanwhile; SQLite has one writer."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE fim_daycount IN SHARE ROW EXCLUSIVE MODE")
