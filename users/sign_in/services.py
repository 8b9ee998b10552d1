"""Sign-in with a password, the same rule for the token, the cookie login and the console."""

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_logged_in
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework_simplejwt.exceptions import TokenError

from config.api.errors import DomainError, is_api, json_error
from users.audit.services import write_sign_in_or_out
from users.models import AuditAction, User
from users.sign_in.tokens import RefreshToken


class InvalidCredentials(DomainError):
    code = "invalid_credentials"
    http_status = HTTPStatus.UNAUTHORIZED
    detail = "Unknown user name or wrong password."


class InvalidRefreshToken(DomainError):
    code = "token_not_valid"
    http_status = HTTPStatus.UNAUTHORIZED


class LockedOut(DomainError):
    code = "locked_out"
    http_status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self) -> None:
        minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
        super().__init__(
            f"Too many failed sign-ins for this user from this address; try again in {minutes}"
            " minutes."
        )


class SignInForm(AdminAuthenticationForm):
    """The console's sign-in. Who gives the right password of a deactivated account reads why."""

    def get_invalid_login_error(self) -> ValidationError:
        if getattr(self.request, "is_deactivated", False):
            return ValidationError("Your account is deactivated. Ask an admin.", code="inactive")
        return ValidationError(InvalidCredentials.detail, code="invalid_login")


def sign_in(request: HttpRequest, *, username: str, password: str) -> tuple[User, RefreshToken]:
    """Check a password and return the user with a fresh refresh token.

    Failures count towards the lock-out, and a success ends the count. Raises InvalidCredentials
    (401), LockedOut (429).
    """
    user = authenticate(request, username=username, password=password)
    if getattr(request, "axes_locked_out", False):
        raise LockedOut
    if not isinstance(user, User):
        raise InvalidCredentials
    # django-axes forgets the failures, and Django writes `last_login`.
    user_logged_in.send(sender=User, request=request, user=user)
    return user, RefreshToken.for_user(user)


def refresh_tokens(text: str) -> RefreshToken:
    """End a refresh token and return the next. Raises InvalidRefreshToken (401)."""
    try:
        return RefreshToken(text).rotate()
    except TokenError as exc:
        raise InvalidRefreshToken(str(exc.args[0])) from exc


def revoke_refresh_token(request: HttpRequest, text: str) -> None:
    """End a refresh token; one that is not valid any more is no error."""
    try:
        token = RefreshToken(text)
        token.blacklist()
    except TokenError:
        return
    write_sign_in_or_out(request, token.user, AuditAction.SIGNED_OUT)


def lockout_username(request: HttpRequest, credentials: dict[str, Any] | None) -> str | None:
    """Return the name that django-axes counts for, in the 255 characters of its column.

    The console's form has no limit of its own, and an account's name has 150 at most.
    """
    username = (credentials or {}).get("username")
    return username[:255] if isinstance(username, str) else None


def lockout_response(request: HttpRequest, *args: Any) -> HttpResponse:
    """Answer a locked-out sign-in (called by django-axes, for API and console alike)."""
    error = LockedOut()
    if is_api(request):
        response: HttpResponse = json_error(request, error.code, error.detail, error.http_status)
    else:
        context = {**admin.site.each_context(request), "title": "Locked out", "error": error}
        response = render(request, "users/locked_out.html", context, status=error.http_status)
    response["Retry-After"] = str(int(settings.AXES_COOLOFF_TIME.total_seconds()))
    return response
