"""Who is really asking: the client's address, from nothing that the client can forge."""

import ipaddress
from collections.abc import Iterable

from django.conf import settings
from django.http import HttpRequest

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Headers that only a proxy has reason to send.
FORWARDING_HEADERS = (
    "HTTP_X_FORWARDED_FOR",
    "HTTP_FORWARDED",
    "HTTP_X_REAL_IP",
    "HTTP_VIA",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_HOST",
)


def client_address(request: HttpRequest) -> Address | None:
    """Return the address of the real client, or None where that cannot be known.

    The peer of the connection is the client unless it is one of `TRUSTED_PROXIES`: then
    `X-Forwarded-For` is read from the right, past the trusted proxies, to the first address that
    none of them vouches for. A request with forwarding headers from a peer that is no trusted
    proxy came from somewhere that nobody vouches for: None.
    """
    peer = _address(request.META.get("REMOTE_ADDR", ""))
    if peer is None:
        return None
    if not is_in(peer, settings.TRUSTED_PROXIES):
        return None if any(name in request.META for name in FORWARDING_HEADERS) else peer
    for text in reversed(request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")):
        if not text.strip():
            continue
        hop = _address(text.strip())
        if hop is None or not is_in(hop, settings.TRUSTED_PROXIES):
            return hop
    return peer


def client_address_text(request: HttpRequest) -> str:
    """Return the client's address for counting and logging; the peer's where it is not known."""
    return str(client_address(request) or request.META.get("REMOTE_ADDR") or "unknown")


def is_in(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


def _address(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address
