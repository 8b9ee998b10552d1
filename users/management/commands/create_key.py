from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from config.api.errors import DomainError
from users.audit.actors import Actor
from users.keys.services import create_key
from users.models import Channel, Scope


class Command(BaseCommand):
    help = "Make a key for a machine and show it once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="what the key is for, such as the host's name")
        parser.add_argument(
            "--scope",
            action="append",
            choices=Scope.values,
            required=True,
            help="what it may post; give it twice for both",
        )
        parser.add_argument("--host", default="", help="host of logs that name none themselves")
        parser.add_argument("--expires-in-days", type=int, help="days until it ends")

    def handle(self, *args: Any, **options: Any) -> None:
        days = options["expires_in_days"]
        try:
            expires_at = timezone.now() + timedelta(days=days) if days is not None else None
            key, text = create_key(
                name=options["name"],
                scopes={Scope(scope) for scope in options["scope"]},
                host=options["host"],
                expires_at=expires_at,
                by=Actor("manage.py create_key", Channel.COMMAND),
            )
        except OverflowError as exc:
            raise CommandError(f"--expires-in-days {days} is beyond the calendar.") from exc
        except DomainError as exc:
            raise CommandError(exc.detail) from exc
        self.stderr.write(f"Key {key.prefix} for {key.name!r}; it is shown only now:")
        self.stdout.write(text)
