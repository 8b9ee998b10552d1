"""Limits of requests. Each is one environment variable, and holds across worker processes."""

import logging
import sqlite3
import time
from typing import Any

from django.conf import settings
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from config.serving.client_address import client_address_text
from users.authentication import Machine
from users.counters import add_one

logger = logging.getLogger(__name__)


class CountedThrottle(SimpleRateThrottle):
    """A rate over a window that begins with its first request, counted for the whole node.

    Where the count cannot be kept, as on a full disk, requests pass: a limit guards the node's
    work and must not end it.
    """

    num_requests: int
    duration: int

    def get_rate(self) -> str:
        # Read at each request: DRF's own class attribute is read once, at import.
        rates: Any = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]
        return str(rates[self.scope])

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        """Return whom to count for, or None where this limit does not apply."""
        raise NotImplementedError

    def allow_request(self, request: Request, view: Any) -> bool:
        ident = self.get_cache_key(request, view)
        return ident is None or self.passes(ident)

    def passes(self, ident: str) -> bool:
        """Count a request of someone; return whether it is within the limit."""
        now = time.time()
        try:
            count, started_at = add_one(
                settings.THROTTLE_PATH,
                f"{self.scope}:{ident}",
                period_seconds=self.duration,
                now=now,
                limit=self.num_requests,
            )
        except (sqlite3.Error, OSError) as exc:
            logger.error("throttle not counted: %s", exc)
            return True
        self.remaining_seconds = started_at + self.duration - now
        return bool(count <= self.num_requests)

    def wait(self) -> float:
        return max(self.remaining_seconds, 1)


class UserThrottle(CountedThrottle):
    """`THROTTLE_USER`: what a person writes through the threats API; reads do not count."""

    scope = "user"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        return None if request.method in SAFE_METHODS else _person_of(request)


class ReadThrottle(CountedThrottle):
    """`THROTTLE_READ`: all requests of a person; far above what a polling dashboard sends."""

    scope = "read"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        return _person_of(request)


class KeyThrottle(CountedThrottle):
    """`THROTTLE_KEY`: requests with one key; far above what a fleet sends."""

    scope = "key"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        return str(request.user.pk) if isinstance(request.user, Machine) else None


class IngestThrottle(CountedThrottle):
    """`THROTTLE_INGEST`: posts of logs without a key, from one address."""

    scope = "ingest"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        if isinstance(request.user, Machine):
            return None
        return client_address_text(request._request)


class SignInThrottle(CountedThrottle):
    """`THROTTLE_SIGN_IN`: attempts to sign in from one address; hashing costs CPU."""

    scope = "sign_in"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        return client_address_text(request._request)


def _person_of(request: Request) -> str | None:
    return str(request.user.username) if getattr(request.user, "is_person", False) else None
