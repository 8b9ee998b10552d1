"""Hosts that run osqueryd: enrol them, find them by their node key, store what they send."""

import hmac
import logging
from collections.abc import Sequence

from django.conf import settings
from django.utils import timezone

from fim.formats import osquery
from fim.ingest.pipeline import ingest_records
from fim.record.fields import read_text
from users.audit.actors import Actor
from users.keys.services import create_key
from users.models import Key, Scope

logger = logging.getLogger(__name__)

# Marks the keys that enrolment made.
ENROLMENT = Actor.system("osquery enrolment")
MAX_NAME_CHARACTERS = 50


class NodeInvalid(Exception):
    """The secret or the node key is not valid; osquery enrols, or tries to enrol, again."""


def enroll_host(*, secret: object, host: object) -> str:
    """Return a new node key for a host, which ends the one that it had from enrolment.

    The key is shown only here. Raises NodeInvalid for a wrong secret, for a name that no log could
    have as its host, and where no secret is set.
    """
    if not _is_enroll_secret(secret):
        raise NodeInvalid
    name = _read_host(host)
    _, text = create_key(
        name=f"osquery {name}"[:MAX_NAME_CHARACTERS].strip(),
        scopes={Scope.POST_LOGS},
        host=name,
        by=ENROLMENT,
    )
    _revoke_all_but_the_newest(name)
    logger.info("osquery enrolled", extra={"host": name})
    return text


def _revoke_all_but_the_newest(host: str) -> None:
    """Revoke the older keys. Of two enrolments at once, each sees both keys and keeps the same."""
    keys = Key.objects.filter(created_by=ENROLMENT.name, host=host, revoked=False)
    newest = keys.order_by("-created", "-pk").values_list("pk", flat=True).first()
    keys.exclude(pk=newest).update(revoked=True)


def _is_enroll_secret(sent: object) -> bool:
    expected = settings.OSQUERY_ENROLL_SECRET
    if not expected or not isinstance(sent, str):
        return False
    return hmac.compare_digest(sent.encode("utf-8", "surrogatepass"), expected.encode())


def _read_host(sent: object) -> str:
    try:
        host = read_text("host", sent).strip()
    except ValueError as exc:
        raise NodeInvalid from exc
    if not host:
        raise NodeInvalid
    return host


def find_node(node_key: object) -> Key:
    """Return the key of that text, if it may post logs. Raises NodeInvalid."""
    if not isinstance(node_key, str) or "\0" in node_key or not node_key.isascii():
        raise NodeInvalid
    try:
        key = Key.objects.get_from_key(node_key)
    except Key.DoesNotExist as exc:
        raise NodeInvalid from exc
    if not key.can_post_logs:
        raise NodeInvalid
    return key


def store_results(lines: Sequence[object], *, host: str) -> None:
    """Store the file changes among result lines, all in one transaction.

    What is no valid change is left out and named in the node's own log: where it was refused,
    osquery would send the same line for ever.
    """
    body = {"log_type": "result", "data": list(lines)}
    answer = ingest_records(
        [body], format_name=osquery.NAME, received_at=timezone.now(), default_host=host
    )
    if answer.errors:
        logger.warning(
            "osquery rows refused",
            extra={"host": host, "count": len(answer.errors), "first": answer.errors[0]["detail"]},
        )
