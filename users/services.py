"""Changes of accounts."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, transaction
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from users.audit.actors import Actor
from users.audit.services import changed_values, write_audit
from users.models import AuditAction, Kind, User

FIRST_ADMIN = "admin"
# What the audit list holds of an account; never its password.
AUDITED_FIELDS = (
    "username",
    "role",
    "is_superuser",
    "is_active",
    "email",
    "first_name",
    "last_name",
)


def create_first_admin(*, password: str = "") -> str | None:
    """Create the superuser `admin` on a node that has no account; a repeat does nothing.

    Returns the password that it has, a random one where none is given, or None where accounts
    exist already.
    """
    if User.objects.exists():
        return None
    password = password or secrets.token_urlsafe(15)
    try:
        with transaction.atomic():
            User.objects.create_superuser(FIRST_ADMIN, password=password)
    except IntegrityError:
        # Another process was first.
        return None
    return password


def revoke_tokens(user: User) -> int:
    """End every refresh token of a user; return how many ended.

    A new password needs no such call: the tokens' `session` claim ends them.
    """
    outstanding = OutstandingToken.objects.filter(user=user, blacklistedtoken=None)
    return len(
        BlacklistedToken.objects.bulk_create(
            [BlacklistedToken(token=token) for token in outstanding], ignore_conflicts=True
        )
    )


def save_user(user: User, *, by: Actor) -> None:
    """Store a new or changed account; a deactivated one loses its refresh tokens for good."""
    with transaction.atomic():
        stored = User.objects.filter(pk=user.pk).values(*AUDITED_FIELDS).first()
        user.save()
        if not user.is_active:
            revoke_tokens(user)
        now = {name: getattr(user, name) for name in AUDITED_FIELDS}
        before, after = changed_values(stored or {}, now)
        if after:
            action = AuditAction.CHANGED if stored else AuditAction.ADDED
            _audit_user(by, action, user, before=before if stored else {}, after=after)


def delete_user(user: User, *, by: Actor) -> None:
    with transaction.atomic():
        before = {name: getattr(user, name) for name in AUDITED_FIELDS}
        _audit_user(by, AuditAction.DELETED, user, before=before)
        user.delete()


@contextmanager
def audited_password(user: User | None, *, by: Actor) -> Iterator[None]:
    """Write an audit entry where the code inside sets the password of a user."""
    with transaction.atomic():
        yield
        stored = User.objects.filter(pk=user.pk).first() if user else None
        if user and stored and stored.password != user.password:
            _audit_user(by, AuditAction.PASSWORD, user)


def _audit_user(by: Actor, action: AuditAction, user: User, **values: Any) -> None:
    write_audit(by, action, Kind.USER, ref=user.pk, name=user.username, **values)
