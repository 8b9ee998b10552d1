"""The node's paths, and some that fail in ways that a client cannot provoke."""

from django.core.exceptions import PermissionDenied
from django.db import DataError, InterfaceError, OperationalError, connection
from django.urls import path
from rest_framework.exceptions import Throttled
from rest_framework.permissions import AllowAny
from rest_framework.views import APIView

from config import urls
from config.urls import handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


class Failing(APIView):
    permission_classes = [AllowAny]
    exc = None

    def get(self, request):
        raise self.exc


class FailingQuery(Failing):
    def get(self, request):
        with connection.cursor() as cursor:
            cursor.execute("SELECT secret FROM no_such_table")


def denied(request):
    raise PermissionDenied("secret")


def _failing(name, exc):
    return path(f"api/{name}/", Failing.as_view(exc=exc))


urlpatterns = [
    *urls.urlpatterns,
    _failing("bug", RuntimeError("secret")),
    _failing("data-error", DataError("secret")),
    _failing("operational-error", OperationalError("secret")),
    _failing("interface-error", InterfaceError("secret")),
    _failing("throttled", Throttled(wait=1.2)),
    path("api/query/", FailingQuery.as_view()),
    path("api/denied/", denied),
    path("denied/", denied),
]
