"""Move whole months of logs into compressed files, and delete the logs that are safely in them.

A log is deleted only after its line was read back from a file that is on disk under its final
name. So at every moment each log is in the database, in such a file, or in both.
"""

import csv
import fcntl
import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from pathlib import Path

from django.db.models import QuerySet

from fim.logs.export import FIELDS, ExportFormat, Row, join_lines, read_batches, rows_of
from fim.models import FimLog
from fim.models.days import bounds_of_month, day_of
from fim.retention.prune import delete_batches
from fim.store.deletes import assign_event_ids

ARCHIVE_FIELDS = (*FIELDS, "raw")
IDS_PER_BATCH = 1_000
PIECE_BYTES = 1 << 20
# A raw record's characters may each be an escape of six.
MAX_CELL_CHARACTERS = 1 << 20

Progress = Callable[[str, int], None]


class ArchiveError(Exception):
    """Why a month cannot be archived; nothing of it was deleted."""


@dataclass(frozen=True)
class Month:
    """A calendar month in the node's time zone, from its first moment to that of the next."""

    first: date
    start: datetime
    end: datetime

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"

    @property
    def logs(self) -> QuerySet[FimLog]:
        return FimLog.objects.filter(timestamp__gte=self.start, timestamp__lt=self.end)


@dataclass(frozen=True)
class Content:
    """What is compared to see whether two files hold the same rows."""

    logs: int
    sha256: str


@dataclass(frozen=True)
class Archive:
    path: Path
    logs: int
    deleted: int


def months_before(moment: datetime) -> Iterator[Month]:
    """Yield the months that have logs and end before a moment, oldest first."""
    moments = FimLog.objects.order_by("timestamp").values_list("timestamp", flat=True)
    oldest = moments.first()
    while oldest is not None:
        first = day_of(oldest).replace(day=1)
        month = Month(first, *bounds_of_month(first))
        if month.end > moment:
            return
        yield month
        oldest = moments.filter(timestamp__gte=month.end).first()


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Let one run at a time archive into a directory; remove the files that a killed one left.

    Raises ArchiveError where another run has it.
    """
    with open(directory / ".archive.lock", "ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise ArchiveError(f"Another run archives into {directory}.") from exc
        for part in directory.glob(".logs-*.part"):
            part.unlink()
        yield


def archive_month(
    month: Month,
    directory: Path,
    form: ExportFormat,
    on_progress: Progress = lambda label, done: None,
) -> Archive | None:
    """Write a month's logs into a new file of the directory, verify it, delete what is in it.

    None where the month has no logs any more. Logs that are stored meanwhile stay, unless they are
    in the file. The caller has the directory locked. Raises ArchiveError or OSError before
    anything is deleted.
    """
    part = directory / f".logs-{month}.{form.name}.gz.part"
    written = _write(part, form, _rows(month.logs, on_progress))
    if written.logs == 0:
        part.unlink()
        return None
    try:
        found = read_content(part, form)
    except (ValueError, EOFError, gzip.BadGzipFile, zlib.error, csv.Error) as exc:
        raise ArchiveError(f"{part} cannot be read back: {exc}") from exc
    if found != written:
        raise ArchiveError(f"{part} does not hold what was written to it.")
    path = _publish(part, directory, f"logs-{month}", form)
    deleted = 0
    for count in delete_batches(_batches(read_ids(path, form))):
        deleted += count
        on_progress("deleted", deleted)
    return Archive(path, written.logs, deleted)


def _rows(logs: QuerySet[FimLog], on_progress: Progress) -> Iterator[Row]:
    """Yield logs, oldest first, each with an event id and with its raw record."""
    done = 0
    for batch in read_batches(logs.select_related("raw_record"), newest_first=False):
        assign_event_ids(batch)
        for log, row in zip(batch, rows_of([batch]), strict=True):
            yield row | {"raw": log.raw_record.text if hasattr(log, "raw_record") else None}
        done += len(batch)
        on_progress("written", done)


def _write(path: Path, form: ExportFormat, rows: Iterator[Row]) -> Content:
    """Write rows to a file that its owner alone may read, and wait until it is on disk."""
    digest, count = hashlib.sha256(), 0

    def counted() -> Iterator[Row]:
        nonlocal count
        for row in rows:
            count += 1
            yield row

    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "wb") as file:
        with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:
            for piece in join_lines(form.lines(counted(), ARCHIVE_FIELDS)):
                digest.update(piece)
                packed.write(piece)
        file.flush()
        os.fsync(descriptor)
        # So that what is read back comes from the disk, and not from memory.
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    return Content(count, digest.hexdigest())


def read_content(path: Path, form: ExportFormat) -> Content:
    """Read an archive back to its end, and every id in it."""
    digest = hashlib.sha256()
    with gzip.open(path, "rb") as file:
        while piece := file.read(PIECE_BYTES):
            digest.update(piece)
    return Content(sum(1 for _ in read_ids(path, form)), digest.hexdigest())


def read_ids(path: Path, form: ExportFormat) -> Iterator[int]:
    """Yield the ids of the logs in an archive."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        if form.name == "csv":
            csv.field_size_limit(MAX_CELL_CHARACTERS)
            rows = csv.reader(file)
            next(rows, None)
            yield from (int(row[0]) for row in rows)
        else:
            yield from (json.loads(line)["id"] for line in file)


def _publish(part: Path, directory: Path, name: str, form: ExportFormat) -> Path:
    """Rename a file to the first name that is free, and wait until the name is on disk."""
    path, number = directory / f"{name}.{form.name}.gz", 1
    while os.path.lexists(path):
        number += 1
        path = directory / f"{name}.{number}.{form.name}.gz"
    os.rename(part, path)
    _sync(directory)
    return path


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _batches(ids: Iterable[int]) -> Iterator[list[int]]:
    ids = iter(ids)
    while some := list(islice(ids, IDS_PER_BATCH)):
        yield some
