"""Which host a log is of that names none."""

from django.conf import settings
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from fim.record.fields import read_text
from users.authentication import Machine
from users.models import Key


def default_host(request: Request) -> str:
    """The host of logs that name none: `?host=`, else the key's, else the node's own name."""
    try:
        named = read_text("host", request.query_params.get("host", ""))
    except ValueError as exc:
        raise ValidationError({"host": [str(exc)]}) from exc
    return named or host_of_key(request.user.key if isinstance(request.user, Machine) else None)


def host_of_key(key: Key | None) -> str:
    """The host that a key names; the node's own where there is none."""
    return (key.host if key else "") or settings.NODE_NAME
