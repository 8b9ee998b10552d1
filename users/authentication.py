"""How a request authenticates: by a bearer token, a machine's key, or the `token` cookie."""

from dataclasses import dataclass
from typing import Any

from rest_framework.authentication import BaseAuthentication, CSRFCheck, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import Token

from users.models import Key
from users.sign_in.cookies import TOKEN_COOKIE
from users.sign_in.tokens import AccessToken, user_of_token


@dataclass(frozen=True)
class Machine:
    """The owner of a key. Not a person: it may post what its scopes name, and nothing else."""

    key: Key

    is_person = False
    is_admin = False
    is_active = True
    is_authenticated = True
    is_anonymous = False

    @property
    def pk(self) -> str:
        return f"key:{self.key.prefix}"

    @property
    def username(self) -> str:
        return f"key:{self.key.name}"


class BearerAuthentication(JWTAuthentication):
    """`Authorization: Bearer ACCESS_TOKEN`; a bad token is 401, whatever else is sent."""

    def get_user(self, validated_token: Token) -> Any:
        return user_of_token(validated_token)


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Api-Key KEY`; a bad key is 401, also from a network that needs none."""

    def authenticate(self, request: Request) -> tuple[Machine, Key] | None:
        machine = self.machine_of(request.META.get("HTTP_AUTHORIZATION", ""))
        return (machine, machine.key) if machine else None

    def machine_of(self, header: str) -> Machine | None:
        """Return the owner of the header's key, None where it holds no key; a bad one is 401."""
        text = self.key_text(header)
        if text is None:
            return None
        try:
            key = Key.objects.get_from_key(text) if "\x00" not in text else None
        except Key.DoesNotExist:
            key = None
        if key is None:
            raise AuthenticationFailed(
                "This key is unknown, revoked or expired.", code="key_not_valid"
            )
        return Machine(key)

    def key_text(self, header: str) -> str | None:
        """Return the key that the header holds, good or not; None where it holds none."""
        keyword, _, text = header.partition(" ")
        return text if keyword.lower() == "api-key" else None

    def authenticate_header(self, request: Request) -> str:
        return "Api-Key"


class CookieAuthentication(BaseAuthentication):
    """The `token` cookie of `/api/login/`; writes must pass Django's CSRF and origin check.

    A cookie that is not valid any more authenticates nobody and is no error: browsers send it until
    it expires.
    """

    def authenticate(self, request: Request) -> tuple[Any, Token] | None:
        raw_token = request.COOKIES.get(TOKEN_COOKIE)
        if not raw_token:
            return None
        try:
            token = AccessToken(raw_token.encode(errors="replace"))
            user = user_of_token(token)
        except (TokenError, AuthenticationFailed):
            return None
        _enforce_csrf(request)
        return user, token


class ConsoleAuthentication(SessionAuthentication):
    """The console's session; writes must pass the same check."""

    def enforce_csrf(self, request: Request) -> None:
        _enforce_csrf(request)


def _enforce_csrf(request: Request) -> None:
    check = CSRFCheck(lambda _: None)  # type: ignore[arg-type]
    check.process_request(request._request)
    if reason := check.process_view(request._request, None, (), {}):  # type: ignore[arg-type]
        raise PermissionDenied(
            f"A write with a cookie needs Django's CSRF token: {reason}", code="csrf_failed"
        )
