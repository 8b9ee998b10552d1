"""Sign-in with a password, the same rule for the token, the cookie login and the console."""

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.models import update_last_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from config.errors import API_PREFIXES, DomainError, error_body
from users.models import User
from users.tokens import RefreshToken


class InvalidCredentials(DomainError):
    code = "invalid_credentials"
    http_status = HTTPStatus.UNAUTHORIZED
    detail = "Unknown user name or wrong password."


class LockedOut(DomainError):
    code = "locked_out"
    http_status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self) -> None:
        minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
        super().__init__(
            f"Too many failed sign-ins for this user from this address; try again in {minutes}"
            " minutes."
        )


def sign_in(request: HttpRequest, *, username: str, password: str) -> tuple[User, RefreshToken]:
    """Check a password and return the user with a fresh refresh token.

    Failures count towards the lock-out. Raises InvalidCredentials (401), LockedOut (429).
    """
    user = authenticate(request, username=username, password=password)
    if getattr(request, "axes_locked_out", False):
        raise LockedOut
    if not isinstance(user, User):
        raise InvalidCredentials
    update_last_login(None, user)  # type: ignore[arg-type]
    return user, RefreshToken.for_user(user)


def lockout_response(request: HttpRequest, *args: Any) -> HttpResponse:
    """Answer a locked-out sign-in (called by django-axes, for API and console alike)."""
    error = LockedOut()
    if request.path.startswith(API_PREFIXES):
        body = error_body(error.code, error.detail) | {"message": error.detail}
        response: HttpResponse = JsonResponse(body, status=error.http_status)
    else:
        response = render(
            request, "users/locked_out.html", {"error": error}, status=error.http_status
        )
    response["Retry-After"] = str(int(settings.AXES_COOLOFF_TIME.total_seconds()))
    return response
