"""Write rules of accounts and keys."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from config.api.errors import DomainError
from users.audit import changed_values, write_audit
from users.models import Deed, Key, Kind, Scope, User

FIRST_ADMIN = "admin"
# What the audit list tells of an account; never its password.
AUDITED_FIELDS = (
    "username",
    "role",
    "is_superuser",
    "is_active",
    "email",
    "first_name",
    "last_name",
)


class InvalidKey(DomainError):
    code = "invalid_key"


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


def create_key(
    *,
    name: str,
    scopes: set[Scope],
    host: str = "",
    expires_at: datetime | None = None,
    created_by: str = "",
) -> tuple[Key, str]:
    """Make a key; return it with its text, which is stored nowhere and cannot be shown again.

    A key that a person makes is in the audit list. Raises InvalidKey for a key without a
    scope, with a name or host that is too long, or with an end that has passed.
    """
    key = Key(
        name=name,
        host=host,
        expiry_date=expires_at,
        created_by=str(created_by),
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
        write_audit(created_by, Deed.ADDED, Kind.KEY, ref=key.prefix, name=name, after=after)
    return key, text


def revoke_key(key: Key, *, by: str) -> bool:
    """End a key for good; say whether it still counted."""
    with transaction.atomic():
        was_usable = Key.objects.filter(pk=key.pk, revoked=False).update(revoked=True) == 1
        if was_usable:
            write_audit(by, Deed.REVOKED, Kind.KEY, ref=key.prefix, name=key.name)
    key.revoked = True
    return was_usable


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


def save_user(user: User, *, by: str) -> None:
    """Store a new or changed account; a deactivated one loses its refresh tokens for good."""
    with transaction.atomic():
        stored = User.objects.filter(pk=user.pk).values(*AUDITED_FIELDS).first()
        user.save()
        if not user.is_active:
            revoke_tokens(user)
        now = {name: getattr(user, name) for name in AUDITED_FIELDS}
        before, after = changed_values(stored or {}, now)
        if after:
            deed = Deed.CHANGED if stored else Deed.ADDED
            _audit_user(by, deed, user, before=before if stored else {}, after=after)


def delete_user(user: User, *, by: str) -> None:
    with transaction.atomic():
        before = {name: getattr(user, name) for name in AUDITED_FIELDS}
        _audit_user(by, Deed.DELETED, user, before=before)
        user.delete()


@contextmanager
def audited_password(user: User | None, *, by: str) -> Iterator[None]:
    """Tell the audit list where what is done inside sets the password of a user."""
    with transaction.atomic():
        yield
        stored = User.objects.filter(pk=user.pk).first() if user else None
        if user and stored and stored.password != user.password:
            _audit_user(by, Deed.PASSWORD, user)


def _audit_user(by: str, deed: Deed, user: User, **values: Any) -> None:
    write_audit(by, deed, Kind.USER, ref=user.pk, name=user.username, **values)
