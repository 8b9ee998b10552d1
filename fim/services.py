"""Write rules of stored logs."""

from collections import Counter
from collections.abc import Iterable

from django.db import transaction

from fim.counts import Key, keys_of, subtract_counts
from fim.models import FimLog

IDS_A_STATEMENT = 500


def delete_logs(ids: Iterable[int]) -> int:
    """Delete logs and take them from the day counts; return how many there were.

    Ids that are not stored do not count. One transaction: all of them go, or none.
    """
    wanted = sorted(set(ids))
    deleted: Counter[Key] = Counter()
    with transaction.atomic():
        for start in range(0, len(wanted), IDS_A_STATEMENT):
            # The lock is for PostgreSQL, where two deletions may meet; SQLite has one writer.
            rows = (
                FimLog.objects.select_for_update()
                .filter(pk__in=wanted[start : start + IDS_A_STATEMENT])
                .order_by("pk")
                .values_list("pk", "timestamp", "host", "category")
            )
            found = list(rows)
            FimLog.objects.filter(pk__in=[row[0] for row in found]).delete()
            deleted += keys_of(row[1:] for row in found)
        # After all rows, as in ingest: two deletions that share rows and counts would otherwise
        # wait for each other in a ring.
        subtract_counts(deleted)
    return deleted.total()
