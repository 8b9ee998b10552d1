"""Changes of keys: creation and revocation."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from config.api.errors import DomainError
from users.audit.actors import Actor
from users.audit.services import write_audit
from users.models import AuditAction, Key, Kind, Scope


class InvalidKey(DomainError):
    code = "invalid_key"


def create_key(
    *,
    name: str,
    scopes: set[Scope],
    by: Actor,
    host: str = "",
    expires_at: datetime | None = None,
) -> tuple[Key, str]:
    """Make a key; return it with its text, which is stored nowhere and cannot be shown again.

    A key that a person makes is in the audit list. Raises InvalidKey for a key without a
    scope, with a name or host that is too long, or with an end that has passed.
    """
    key = Key(
        name=name,
        host=host,
        expiry_date=expires_at,
        created_by=by.name,
        can_post_events=Scope.POST_EVENTS in scopes,
        can_post_logs=Scope.POST_LOGS in scopes,
    )
    text = Key.objects.assign_key(key)
    try:
        key.full_clean(exclude=["id"])
    except ValidationError as exc:
        raise InvalidKey(" ".join(exc.messages)) from exc
    with transaction.atomic():
        key.save(force_insert=True)
        after = {"scopes": sorted(key.scopes), "host": host, "expires_at": expires_at}
        write_audit(by, AuditAction.ADDED, Kind.KEY, ref=key.prefix, name=name, after=after)
    return key, text


def revoke_key(key: Key, *, by: Actor) -> bool:
    """Revoke a key for good; return whether it was still valid."""
    with transaction.atomic():
        was_usable = Key.objects.filter(pk=key.pk, revoked=False).update(revoked=True) == 1
        if was_usable:
            write_audit(by, AuditAction.REVOKED, Kind.KEY, ref=key.prefix, name=key.name)
    key.revoked = True
    return was_usable
