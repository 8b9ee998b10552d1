"""What else happened to the file of a log."""

from django.db.models import Q

from fim.models import FimLog
from fim.store.dialect import dialect

MAX_SUBJECTS = 8
LOGS_A_SUBJECT = 50
LOGS_SHOWN = 15


def logs_of_same_path(log: FimLog) -> list[FimLog]:
    """Return the newest other logs of a log's path on its host, newest first.

    No index knows path and host together. So these are the ones among the newest logs of the path
    that some user and process changed, on whatever host: a few ranges of an index, however many
    logs the path has.
    """
    subjects = dialect.subjects_whose("path", log.path, limit=MAX_SUBJECTS) or []
    ids: list[int] = []
    for subject in {log.subject_id, *subjects}:
        of_subject = FimLog.objects.filter(subject_id=subject).newest()
        ids += of_subject.values_list("pk", flat=True)[:LOGS_A_SUBJECT]
    found = FimLog.objects.filter(~Q(pk=log.pk), pk__in=ids, host=log.host).newest()
    return list(found.defer("full_log", "attributes")[:LOGS_SHOWN])
