"""Is the process up, and is the node ready to serve?"""

from http import HTTPStatus

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when the database answers and has every migration, else 503 with the reason."""
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error:
        return _not_ready("The database does not answer.")
    if waiting:
        return _not_ready(f"{len(waiting)} migrations are not applied; run manage.py migrate.")
    return JsonResponse({"status": "ok"})


def _not_ready(detail: str) -> JsonResponse:
    body = {"status": "unavailable", "detail": detail}
    return JsonResponse(body, status=HTTPStatus.SERVICE_UNAVAILABLE)
