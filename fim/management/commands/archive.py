"""`manage.py archive`: move old logs into compressed files, a month each."""

from argparse import ArgumentParser
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.progress_bar import Bar
from fim.logs.export import FORMATS
from fim.management.arguments import add_older_than_days, megabytes
from fim.retention.archive import Archive, ArchiveError, Month, archive_month, locked, months_before
from fim.retention.prune import days_ago
from fim.store.dialect import dialect


class Command(BaseCommand):
    help = (
        "Write the months whose logs are all older than so many days into DIR/logs-YYYY-MM, with"
        " their raw records, read the files back, delete what is in them, and give the space"
        " back. Safe while the node serves, to kill and to repeat."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_older_than_days(parser)
        parser.add_argument(
            "--directory", type=Path, required=True, metavar="DIR", help="where the files go"
        )
        parser.add_argument(
            "--format",
            choices=sorted(FORMATS),
            default="ndjson",
            help="ndjson, which import_logs reads, or csv (default: ndjson)",
        )
        parser.add_argument("--dry-run", action="store_true", help="only say what there is")

    def handle(self, *args: Any, **options: Any) -> None:
        cut, directory = days_ago(options["older_than_days"]), options["directory"]
        if options["dry_run"]:
            self._write_dry_run(cut)
            return
        if not directory.is_dir():
            raise CommandError(f"{directory} is not a directory.")
        bar, archives = Bar(self.stdout), []
        try:
            with locked(directory):
                for month in months_before(cut):
                    show = _progress_of(bar, month) if bar.is_shown else lambda label, done: None
                    found = archive_month(month, directory, FORMATS[options["format"]], show)
                    archives += [found] if found else []
        except (ArchiveError, OSError) as exc:
            raise CommandError(f"{exc} {_summary(archives)}") from exc
        freed = dialect.reclaim_space()
        bar.clear()
        self.stdout.write(f"{_summary(archives)} {megabytes(freed)} came back.")

    def _write_dry_run(self, cut: datetime) -> None:
        counts = {str(month): month.logs.count() for month in months_before(cut)}
        listed = ", ".join(f"{month} ({count})" for month, count in counts.items())
        months = f"{len(counts)} months: {listed}" if counts else "0 months"
        self.stdout.write(f"Would archive {sum(counts.values())} logs of {months}.")


def _progress_of(bar: Bar, month: Month) -> Callable[[str, int], None]:
    total = month.logs.count()
    return lambda label, done: bar.show(f"{month} {label}", done, total)


def _summary(archives: list[Archive]) -> str:
    files = ", ".join(archive.path.name for archive in archives)
    written, deleted = (sum(getattr(a, name) for a in archives) for name in ("logs", "deleted"))
    into = f" into {files}" if files else ""
    return f"Archived {written} logs{into} and deleted {deleted}."
