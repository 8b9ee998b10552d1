"""`manage.py check_hosts`: one look for silent hosts."""

from argparse import ArgumentParser
from datetime import timedelta
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from fim.hosts.services import check_hosts
from fim.management.arguments import whole_number


class Command(BaseCommand):
    help = (
        "Raise an event for each host that fell silent. gunicorn's workers do this by themselves:"
        " this is for a node that another server serves, by cron, every minute. Safe to repeat."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--max-gap-seconds",
            type=partial(whole_number, maximum=86_400),
            default=150,
            metavar="SECONDS",
            help="a longer time since the last look means that the node was down, so that all"
            " hosts get their whole time again (default: 150)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        max_gap = timedelta(seconds=options["max_gap_seconds"])
        count = check_hosts(now=timezone.now(), max_gap=max_gap)
        self.stdout.write(f"{count} hosts fell silent." if count != 1 else "1 host fell silent.")
