"""`manage.py demo`: fill an empty database with made-up data."""

import os
import secrets
from datetime import timedelta
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from config.api.errors import DomainError
from config.progress_bar import Bar
from fim.demo.services import DAYS, fill_demo
from fim.hosts.services import check_hosts


class Command(BaseCommand):
    help = (
        f"Fill an empty database with {DAYS} days of made-up hosts, logs and alerts, and with the"
        " accounts 'admin' and 'analyst', whose password is DEMO_PASSWORD or a random one that is"
        " shown once. Touches no database that holds anything."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = os.environ.get("DEMO_PASSWORD", "")
        password = chosen or secrets.token_urlsafe(9)
        bar = Bar(self.stdout)
        try:
            count = fill_demo(
                password=password, now=timezone.now(), on_progress=partial(bar.show, "made up")
            )
        except DomainError as exc:
            raise CommandError(exc.detail) from exc
        # Were the last check too long ago, the node would think that it was itself away, and give
        # the late host its whole time again.
        check_hosts(now=timezone.now(), max_gap=timedelta.max)
        bar.clear()
        self.stdout.write(f"Made up {count} logs of {DAYS} days.")
        if chosen:
            self.stdout.write("Sign in as admin or analyst with DEMO_PASSWORD.")
        else:
            self.stdout.write("Sign in as admin or analyst; the password is shown once:")
            self.stdout.write(f"\n    {password}\n")
