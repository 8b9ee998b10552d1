from typing import Any

from django.core.management.base import BaseCommand

from fim.store.counts import recount


class Command(BaseCommand):
    help = (
        "Rebuild the day counts from the logs and say whether they had drifted. Run it after"
        " TIME_ZONE changed. Safe while the node serves, and to repeat."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        result = recount()
        found = f"{result.drifted} counts had drifted" if result.drifted else "no count had drifted"
        self.stdout.write(f"Recounted {result.days} days: {found}.")
