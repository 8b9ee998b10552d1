"""Changes of stored logs: deletion, and event ids for logs that have none."""

import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress

from django.db import IntegrityError, transaction

from fim.models import FimLog
from fim.record.parsed import event_id_of
from fim.store.counts import Key, by_day, keys_of, subtract_counts
from fim.store.dialect import dialect
from users.audit.actors import Actor
from users.audit.services import write_audit
from users.models import AuditAction, Kind

IDS_PER_STATEMENT = 500
# So many of a deletion's logs are named in the audit list; all are counted.
AUDITED_IDS = 1_000
AUDITED_KEYS = 100


def delete_logs(ids: Iterable[int], *, by: Actor) -> int:
    """Delete logs and take them from the day counts; return how many there were.

    Ids that are not stored do not count. One transaction: all of them go, or none. What a person
    (`by`) deletes is in the audit list.
    """
    wanted = sorted(set(ids))
    deleted: Counter[Key] = Counter()
    gone: list[int] = []
    with transaction.atomic():
        for start in range(0, len(wanted), IDS_PER_STATEMENT):
            # The lock is for PostgreSQL, where two deletions may meet; SQLite has one writer.
            rows = (
                FimLog.objects.select_for_update()
                .filter(pk__in=wanted[start : start + IDS_PER_STATEMENT])
                .order_by("pk")
                .values_list("pk", "timestamp", "host", "category")
            )
            found = list(rows)
            FimLog.objects.filter(pk__in=[row[0] for row in found]).delete()
            deleted += keys_of(row[1:] for row in found)
            gone += [row[0] for row in found]
        # After all rows, as in ingest: two deletions that share rows and counts would otherwise
        # wait for each other in a ring.
        subtract_counts(deleted)
        if gone:
            _audit_deletion(by, gone, deleted)
    return deleted.total()


def _audit_deletion(by: Actor, ids: Sequence[int], deleted: Counter[Key]) -> None:
    """Write what was deleted: how many of which host, day and category, and their ids."""
    logs = [
        {"day": day, "host": host, "category": category, "count": count}
        for (day, host, category), count in sorted(by_day(deleted).items())[:AUDITED_KEYS]
    ]
    before = {"count": len(ids), "ids": ids[:AUDITED_IDS], "logs": logs}
    ref = ids[0] if len(ids) == 1 else ""
    name = "1 log" if len(ids) == 1 else f"{len(ids)} logs"
    write_audit(by, AuditAction.DELETED, Kind.LOG, ref=ref, name=name, before=before)


def assign_event_ids(logs: Sequence[FimLog]) -> None:
    """Make an event id from the content of each log that has none, and store it.

    So a copy in an archive is recognised when it is imported again, whether the log is still
    stored by then or not. A repeat makes the same ids.
    """
    nameless = [log for log in logs if log.event_id is None]
    if not nameless:
        return
    for log in nameless:
        moments = [log.timestamp.isoformat(), log.received_at.isoformat()]
        parts = [log.pk, *moments, log.host, log.action, log.path]
        log.event_id = uuid.UUID(event_id_of("archive", parts))
    # Refused where such a copy is stored beside them: the logs in hand keep their ids all the same.
    with suppress(IntegrityError), dialect.write_lock(), transaction.atomic():
        dialect.set_event_ids({log.pk: log.event_id for log in nameless if log.event_id})
