"""Write rules of accounts and keys."""

import secrets
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from config.errors import DomainError
from users.models import Key, Scope, User

FIRST_ADMIN = "admin"


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

    Raises InvalidKey for a key without a scope, with a name or host that is too long, or with an
    end that has passed.
    """
    key = Key(
        name=name,
        host=host,
        expiry_date=expires_at,
        created_by=created_by,
        can_post_events=Scope.POST_EVENTS in scopes,
        can_post_logs=Scope.POST_LOGS in scopes,
    )
    text = Key.objects.assign_key(key)
    try:
        key.full_clean(exclude=["id"])
    except ValidationError as exc:
        raise InvalidKey(" ".join(exc.messages)) from exc
    key.save(force_insert=True)
    return key, text


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
