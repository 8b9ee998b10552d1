"""A Django project of one view that parses JSON and answers, without middleware."""

import json
import secrets

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import path


def take(request):
    log = json.loads(request.body)
    response = JsonResponse({"path": log["path"]}, status=201)
    response["Content-Length"] = str(len(response.content))
    return response


urlpatterns = [path("api/ingest/fim/", take)]

settings.configure(
    SECRET_KEY=secrets.token_hex(),
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=[],
)
application = get_wsgi_application()
