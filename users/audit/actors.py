"""Who changes something. Every service that the audit list covers takes an `Actor` as `by`."""

from dataclasses import dataclass

from django.http import HttpRequest
from rest_framework.request import Request

from config.api.errors import is_api
from config.serving.client_address import client_address_text
from users.models import Channel


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, and how the person's change reached the node; or the node itself.

    What a person does is written into the audit list. What the node does by itself is not: say so
    by `Actor.system`, and never by leaving something out.
    """

    name: str
    # None: the node itself.
    channel: Channel | None
    address: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("An actor needs a name.")
        # No user name holds a space, so a person is never taken for the node, nor it for one.
        if self.is_system and " " not in self.name:
            raise ValueError(f"{self.name!r} may be a person's name: its channel is missing.")

    @classmethod
    def system(cls, name: str) -> "Actor":
        """Return a part of the node that acts by itself, under a name that holds a space."""
        return cls(name, channel=None)

    @property
    def is_system(self) -> bool:
        return self.channel is None


SYSTEM = Actor.system("the node")


def actor_of(request: HttpRequest | Request) -> Actor:
    """Return who sends a request, as services take it."""
    return actor_for(request, request.user.username)


def actor_for(request: HttpRequest | Request, username: str) -> Actor:
    """Return a person who sends a request and need not be signed in by it."""
    plain = request._request if isinstance(request, Request) else request
    channel = Channel.API if is_api(plain) else Channel.CONSOLE
    return Actor(username, channel, client_address_text(plain))
