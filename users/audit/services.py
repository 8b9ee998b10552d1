"""Who changed what, from where: the audit list. It is added to and never edited."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.http import HttpRequest
from rest_framework.request import Request

from config.api.errors import is_api
from config.serving.client_address import client_address_text
from users.models import AuditAction, AuditEntry, Channel, Kind, User

Values = Mapping[str, Any]


class Who(str):
    """A user name that also tells from where, and by which channel, its person came."""

    address: str
    channel: str

    def __new__(cls, name: str, *, address: str = "", channel: str = "") -> "Who":
        who = super().__new__(cls, name)
        who.address, who.channel = address, channel
        return who


def who_of(request: HttpRequest | Request) -> Who:
    """Return who asks for a change, as services take it."""
    plain = request._request if isinstance(request, Request) else request
    name: str = request.user.username
    return Who(name, address=client_address_text(plain), channel=_channel_of(plain))


def write_audit(
    by: str,
    action: AuditAction,
    kind: Kind,
    *,
    ref: object = "",
    name: str = "",
    before: Values | None = None,
    after: Values | None = None,
) -> None:
    """Add what a person did to a thing: its kind (`alert`, `log`, ...), its id and its name.

    What the node does by itself, in no person's name (`Who`), is not written. Call it in the
    transaction of the change, so that there is no one without the other. Never hand it a password
    or a key, hashed or not.
    """
    if not isinstance(by, Who):
        return
    AuditEntry.objects.create(
        person=str(by),
        address=by.address,
        channel=by.channel,
        action=action,
        kind=kind,
        ref=str(ref),
        name=name[:255],
        before=before or {},
        after=after or {},
    )


def changed_values(before: Values, after: Values) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what differs, as it was and as it is."""
    names = [name for name in after if before.get(name) != after[name]]
    return {name: before.get(name) for name in names}, {name: after[name] for name in names}


def watch_sign_ins() -> None:
    """Let Django say who signed in or out: all sign-ins send its signals."""
    user_logged_in.connect(_write_sign_in, dispatch_uid="audit_sign_in")
    user_logged_out.connect(_write_sign_out, dispatch_uid="audit_sign_out")


def _write_sign_in(request: HttpRequest, user: User, **_: Any) -> None:
    write_sign(request, user, AuditAction.SIGNED_IN)


def _write_sign_out(request: HttpRequest, user: User | None, **_: Any) -> None:
    if user is not None:
        write_sign(request, user, AuditAction.SIGNED_OUT)


def write_sign(request: HttpRequest, user: User, action: AuditAction) -> None:
    """Add that a person signed in or out."""
    who = Who(user.username, address=client_address_text(request), channel=_channel_of(request))
    write_audit(who, action, Kind.USER, ref=user.pk, name=user.username)


def _channel_of(request: HttpRequest) -> Channel:
    return Channel.API if is_api(request) else Channel.CONSOLE
