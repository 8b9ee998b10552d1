"""Tokens: who they name, which node made them, and which of them count here.

A token names its user by username and role, never by a row id: with a `JWT_SIGNING_KEY` shared by
a fleet, an access token of one node is good on all. Refresh tokens are good on the node that made
them and nowhere else, because only that node's blacklist knows which of them were used.
"""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from rest_framework.exceptions import AuthenticationFailed
from rest_framework_simplejwt.exceptions import TokenError
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


class RefreshToken(BaseRefreshToken):
    """A refresh token that this node made; its claims pass on to its access tokens."""

    @classmethod
    def for_user(cls, user: Any) -> Any:
        token = super().for_user(user)
        token["role"] = user.effective_role
        token["node"] = settings.NODE_NAME
        return token

    def verify(self, *args: Any, **kwargs: Any) -> None:
        super().verify(*args, **kwargs)
        if self.payload.get("node") != settings.NODE_NAME:
            raise TokenError("This refresh token was made by another node; refresh it there.")
        if not User.objects.filter(username=self.payload.get("username"), is_active=True).exists():
            raise TokenError("The account of this token is gone or not active.")


def user_of_token(token: Token) -> User | FleetUser:
    """Return the person that a verified access token names.

    An account of this node is asked first, so that its role and `is_active` of today count. A
    name without an account here is believed only from another node of the fleet.

    Raises AuthenticationFailed (401).
    """
    username, role, node = (token.get(claim) for claim in ("username", "role", "node"))
    if not isinstance(username, str) or "\x00" in username:
        raise AuthenticationFailed("The token names no user.", code="token_not_valid")
    user = User.objects.filter(username=username).first()
    if user is not None:
        if not user.is_active:
            raise AuthenticationFailed("This account is not active.", code="user_inactive")
        return user
    if settings.JWT_SIGNING_KEY and node != settings.NODE_NAME and role in Role.values:
        return FleetUser(username=username, role=role)
    raise AuthenticationFailed("The account of this token is gone.", code="user_not_found")
