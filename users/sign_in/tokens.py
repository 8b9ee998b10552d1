"""Tokens: whom they name, which node made them, and which of them are valid here.

A token names its user by username and role, never by a row id: with a `JWT_SIGNING_KEY` shared by
a fleet, an access token of one node is good on all. Refresh tokens are good on the node that made
them and nowhere else, because only that node's blacklist knows which of them were used.
"""

from dataclasses import dataclass
from typing import Any, TypeGuard

from django.conf import settings
from django.db import transaction
from django.utils.crypto import constant_time_compare
from rest_framework.exceptions import AuthenticationFailed
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import AccessToken as BaseAccessToken
from rest_framework_simplejwt.tokens import RefreshToken as BaseRefreshToken
from rest_framework_simplejwt.tokens import Token

from users.models import Role, User


@dataclass(frozen=True)
class FleetUser:
    """A person whose account is on another node of the fleet, as the token says."""

    username: str
    role: str

    is_person = True
    is_active = True
    is_authenticated = True
    is_anonymous = False

    @property
    def pk(self) -> str:
        return f"fleet:{self.username}"

    @property
    def is_admin(self) -> bool:
        return self.role == Role.ADMIN

    @property
    def effective_role(self) -> str:
        return self.role


# What Simple JWT raises for signed claims of absurd shape, beside TokenError.
ODD_SHAPES = (ArithmeticError, LookupError, OSError, TypeError, ValueError)


class HardenedToken(Token):
    """A token whose signed claims may be of any shape; what cannot be read is a TokenError.

    Only who knows the signing key can send such claims: a program that shares it, or a fault in
    one. PyJWT itself refuses headers of any shape.
    """

    def __init__(self, token: Any = None, verify: bool = True) -> None:
        try:
            super().__init__(token, verify)
        except ODD_SHAPES as exc:
            raise TokenError("Token is invalid") from exc


class AccessToken(HardenedToken, BaseAccessToken):
    """What a request carries; good for `ACCESS_TOKEN_MINUTES`."""


class RefreshToken(HardenedToken, BaseRefreshToken):
    """A refresh token that this node made; its claims pass on to its access tokens.

    `session` ends both with the password, and with the account, whose name another may get.
    """

    access_token_class = AccessToken
    user: User

    @property
    def access_token(self) -> AccessToken:
        return super().access_token  # type: ignore[return-value]

    @classmethod
    def for_user(cls, user: Any) -> Any:
        # The library stores the token's text before these claims are in it: no one can use that.
        token: Any = super().for_user(user)
        token["role"] = user.effective_role
        token["node"] = settings.NODE_NAME
        token["session"] = _session_of(user)
        token.user = user
        return token

    def verify(self, *args: Any, **kwargs: Any) -> None:
        super().verify(*args, **kwargs)
        if self.payload.get("node") != settings.NODE_NAME:
            raise TokenError("This refresh token was made by another node; refresh it there.")
        user = _account_of(self.payload.get("username"))
        if user is None or not user.is_active or not _is_of_session(self, user):
            raise TokenError("The account of this token is gone, not active or has a new password.")
        self.user = user

    def rotate(self) -> "RefreshToken":
        """End this token and return the next, with the current role.

        Of several requests with one token the first alone is served. Raises TokenError.
        """
        with transaction.atomic():
            is_first: bool = self.blacklist()[1]  # type: ignore[index]
            if not is_first:
                raise TokenError("Token is blacklisted")
            return RefreshToken.for_user(self.user)


def _session_of(user: User) -> str:
    """Return a digest of the account and its current password."""
    return user.get_session_auth_hash()[:32]


def _is_of_session(token: Token, user: User) -> bool:
    return constant_time_compare(str(token.get("session")), _session_of(user))


def user_of_token(token: Token) -> User | FleetUser:
    """Return the person that a verified access token names.

    An account of this node is asked first, so that its current role and `is_active` count. A
    name without an account here is believed only from another node of the fleet.

    Raises AuthenticationFailed (401).
    """
    username, role, node = (token.get(claim) for claim in ("username", "role", "node"))
    if not _is_username(username):
        raise AuthenticationFailed("The token names no user.", code="token_not_valid")
    user = _account_of(username)
    if user is not None:
        if not user.is_active:
            raise AuthenticationFailed("This account is not active.", code="user_inactive")
        if node == settings.NODE_NAME and not _is_of_session(token, user):
            raise AuthenticationFailed(
                "The password or the account changed since; sign in again.", code="token_not_valid"
            )
        return user
    is_of_fleet = isinstance(node, str) and node not in ("", settings.NODE_NAME)
    if settings.JWT_SIGNING_KEY and is_of_fleet and role in Role.values:
        return FleetUser(username=username, role=role)
    raise AuthenticationFailed("The account of this token is gone.", code="user_not_found")


def _account_of(username: object) -> User | None:
    return User.objects.filter(username=username).first() if _is_username(username) else None


def _is_username(value: object) -> TypeGuard[str]:
    """Return whether a database can look it up: short, without NUL or lone surrogates."""
    return (
        isinstance(value, str)
        and 0 < len(value) <= 150
        and "\x00" not in value
        and not any("\ud800" <= letter <= "\udfff" for letter in value)
    )
