"""Who changed what, from where: the audit list. It is added to and never edited."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.http import HttpRequest

from users.audit.actors import Actor, actor_for
from users.models import AuditAction, AuditEntry, Kind, User

Values = Mapping[str, Any]


def write_audit(
    by: Actor,
    action: AuditAction,
    kind: Kind,
    *,
    ref: object = "",
    name: str = "",
    before: Values | None = None,
    after: Values | None = None,
) -> None:
    """Add what a person did to a thing: its kind (`alert`, `log`, ...), its id and its name.

    What the node does by itself (`Actor.system`) is not written. Call it in the transaction of the
    change, so that neither is stored without the other. Never pass a password or a key, hashed or
    not. Raises TypeError for a plain name, which would leave no entry.
    """
    if not isinstance(by, Actor):
        raise TypeError(f"{by!r} is no Actor: it does not tell a person from the node.")
    if by.is_system:
        return
    AuditEntry.objects.create(
        person=by.name,
        address=by.address,
        channel=by.channel or "",
        action=action,
        kind=kind,
        ref=str(ref),
        name=name[:255],
        before=before or {},
        after=after or {},
    )


def changed_values(before: Values, after: Values) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the values that differ, as they were and as they are."""
    names = [name for name in after if before.get(name) != after[name]]
    return {name: before.get(name) for name in names}, {name: after[name] for name in names}


def connect_sign_in_signals() -> None:
    """Write who signs in or out: every way to do so sends Django's signals."""
    user_logged_in.connect(_write_sign_in, dispatch_uid="audit_sign_in")
    user_logged_out.connect(_write_sign_out, dispatch_uid="audit_sign_out")


def _write_sign_in(request: HttpRequest, user: User, **_: Any) -> None:
    write_sign_in_or_out(request, user, AuditAction.SIGNED_IN)


def _write_sign_out(request: HttpRequest, user: User | None, **_: Any) -> None:
    if user is not None:
        write_sign_in_or_out(request, user, AuditAction.SIGNED_OUT)


def write_sign_in_or_out(request: HttpRequest, user: User, action: AuditAction) -> None:
    """Add that a person signed in or out."""
    by = actor_for(request, user.username)
    write_audit(by, action, Kind.USER, ref=user.pk, name=user.username)
