"""Who is locked out after failed sign-ins, and unlocking them early."""

from dataclasses import dataclass
from datetime import datetime

from axes.models import AccessAttempt
from axes.utils import reset
from django.conf import settings
from django.db import transaction
from django.db.models import Max, Sum
from django.utils import timezone

from users.audit.actors import Actor
from users.audit.services import write_audit
from users.models import AuditAction, Kind

MAX_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Lockout:
    """A name that cannot sign in from an address; it need not be that of an account."""

    username: str
    address: str
    failures: int
    last_at: datetime

    @property
    def ends_at(self) -> datetime:
        return self.last_at + settings.AXES_COOLOFF_TIME


def list_lockouts() -> list[Lockout]:
    """Return who is locked out now, the latest first. One query."""
    counted = AccessAttempt.objects.filter(
        attempt_time__gte=timezone.now() - settings.AXES_COOLOFF_TIME
    )
    found = (
        counted.order_by()
        .values("username", "ip_address")
        .annotate(failures=Sum("failures_since_start"), last_at=Max("attempt_time"))
        .filter(failures__gte=settings.AXES_FAILURE_LIMIT)
        .order_by("-last_at")[:MAX_SHOWN]
    )
    return [
        Lockout(row["username"] or "", row["ip_address"] or "", row["failures"], row["last_at"])
        for row in found
    ]


def unlock(*, username: str, address: str, by: Actor) -> bool:
    """Forget the failed sign-ins of a name from an address; return whether there were any."""
    if not (username and address):
        # The library would forget those of everyone.
        return False
    with transaction.atomic():
        count = reset(ip=address, username=username)
        if count:
            write_audit(
                by, AuditAction.UNLOCKED, Kind.USER, name=username, before={"address": address}
            )
    return bool(count)
