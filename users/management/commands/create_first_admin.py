import os
from typing import Any

from django.core.management.base import BaseCommand

from users.services import FIRST_ADMIN, create_first_admin


class Command(BaseCommand):
    help = (
        "Create the superuser 'admin' on a node without accounts, with ADMIN_PASSWORD or a random"
        " password that is shown once. Does nothing where an account exists."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = os.environ.get("ADMIN_PASSWORD", "")
        password = create_first_admin(password=chosen)
        if password is None:
            self.stdout.write("Accounts exist; no admin was created.")
        elif chosen:
            self.stdout.write(f"Created the account {FIRST_ADMIN!r} with ADMIN_PASSWORD.")
        else:
            self.stdout.write(f"Created the account {FIRST_ADMIN!r}. Its password is shown once:")
            self.stdout.write(f"\n    {password}\n")
