"""The cookie named `token`, and the Secure flag on every cookie of an HTTPS answer."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from rest_framework_simplejwt.tokens import AccessToken

TOKEN_COOKIE = "token"  # noqa: S105  (a cookie's name)


def set_token_cookie(response: HttpResponse, token: AccessToken) -> None:
    """Set the access token as a cookie that scripts cannot read and that ends with the token."""
    response.set_cookie(
        TOKEN_COOKIE,
        str(token),
        max_age=int(token.lifetime.total_seconds()),
        httponly=True,
        secure=settings.COOKIE_SECURE == "true",
        samesite=settings.COOKIE_SAMESITE,  # type: ignore[arg-type]
    )


def clear_token_cookie(response: HttpResponse) -> None:
    response.delete_cookie(TOKEN_COOKIE, samesite=settings.COOKIE_SAMESITE)  # type: ignore[arg-type]


class SecureCookiesMiddleware:
    """With `COOKIE_SECURE=auto`, mark each cookie Secure that is set over HTTPS.

    A node on plain HTTP on loopback still works, and none behind HTTPS leaks a cookie.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if settings.COOKIE_SECURE == "auto" and request.is_secure():
            for morsel in response.cookies.values():
                morsel["secure"] = True
        return response
