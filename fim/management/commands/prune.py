"""`manage.py prune`: delete old logs."""

from argparse import ArgumentParser
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand

from config.progress_bar import Bar
from fim.management.arguments import add_older_than_days, megabytes, whole_number
from fim.models import Category
from fim.retention.prune import days_ago, logs_before, prune_logs
from fim.store.dialect import dialect


class Command(BaseCommand):
    help = (
        "Delete logs older than so many days, with their raw records, and give their space back."
        " Events and alerts stay. Safe while the node serves, to stop and to repeat."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_older_than_days(parser)
        parser.add_argument(
            "--category",
            action="append",
            choices=Category.values,
            default=[],
            help="of this category alone; may be given more than once (default: all)",
        )
        parser.add_argument(
            "--batch-size",
            type=partial(whole_number, maximum=10_000),
            default=1_000,
            metavar="LOGS",
            help="how many logs are deleted in one transaction (default: 1000)",
        )
        parser.add_argument("--dry-run", action="store_true", help="only say how many there are")

    def handle(self, *args: Any, **options: Any) -> None:
        cut = days_ago(options["older_than_days"])
        logs = logs_before(cut, options["category"])
        what = f"logs from before {cut:%Y-%m-%dT%H:%M:%SZ}"
        if options["dry_run"]:
            self.stdout.write(f"Would delete {logs.count()} {what}.")
            return
        bar = Bar(self.stdout)
        count = prune_logs(
            logs, batch_size=options["batch_size"], on_progress=partial(bar.show, "deleted")
        )
        if bar.is_shown:
            bar.show("giving space back", count, count)
        freed = dialect.reclaim_space()
        bar.clear()
        self.stdout.write(f"Deleted {count} {what}; {megabytes(freed)} came back.")
