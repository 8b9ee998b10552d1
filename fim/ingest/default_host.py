"""Which host a log is of that names none."""

from django.conf import settings
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from fim.record.fields import read_text
from users.authentication import Machine


def default_host(request: Request) -> str:
    """The host of logs that name none: `?host=`, else the key's, else the node's own name."""
    try:
        named = read_text("host", request.query_params.get("host", ""))
    except ValueError as exc:
        raise ValidationError({"host": [str(exc)]}) from exc
    key_host = request.user.key.host if isinstance(request.user, Machine) else ""
    return named or key_host or settings.NODE_NAME
