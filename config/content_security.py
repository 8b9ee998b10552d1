"""Content-Security-Policy: what a page of this node may load, run and send, and where it may show.

No page needs a nonce: the console has no inline script and no inline style, so what an attacker
injects into a page neither runs nor styles it. The policies are constant texts, chosen by the path
alone, since every answer to an agent passes here too.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from config.api.errors import API_PREFIXES

HEADER = "Content-Security-Policy"

CONSOLE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none';"
    " frame-ancestors 'none'"
)
# JSON: nothing of it is ever a page.
API_POLICY = (
    "default-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox"
)
# Swagger UI and ReDoc build their styles in the page, draw with data: images, and ReDoc searches
# in a worker that it makes itself. Scripts come from the node alone there too.
DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src blob:;"
    " form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
)
DOCS_PATHS = ("/swagger/", "/redoc/")


class ContentSecurityPolicyMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if settings.DEBUG and response.status_code in (404, 500):
            # Django's own pages for developers have their scripts and styles inline.
            return response
        response.headers.setdefault(HEADER, policy_of(request.path))
        return response


def policy_of(path: str) -> str:
    if path.startswith(API_PREFIXES):
        return API_POLICY
    return DOCS_POLICY if path in DOCS_PATHS else CONSOLE_POLICY
