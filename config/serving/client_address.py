"""The client's address, from nothing that the client can forge."""

import ipaddress
from collections.abc import Iterable, Mapping, MutableMapping
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Headers that only a proxy has reason to send, and the beginning of a family of them.
FORWARDING_PREFIX = "HTTP_X_FORWARDED"
FORWARDING_HEADERS = frozenset(
    {
        "HTTP_FORWARDED",
        "HTTP_VIA",
        "HTTP_X_REAL_IP",
        "HTTP_X_CLUSTER_CLIENT_IP",
        "HTTP_X_ORIGINATING_IP",
        "HTTP_X_CLIENT_IP",
        "HTTP_TRUE_CLIENT_IP",
        "HTTP_CF_CONNECTING_IP",
        "HTTP_FASTLY_CLIENT_IP",
        "HTTP_CLIENT_IP",
    }
)
# A header's name begins with HTTP_, so no client can send it.
CACHED_AS = "picket.client_address"


def client_address(request: HttpRequest) -> Address | None:
    return address_of(request.META)


def address_of(environ: MutableMapping[str, Any]) -> Address | None:
    """Return the address of the real client, or None where that cannot be known.

    The peer of the connection is the client unless it is one of `TRUSTED_PROXIES`: then
    `X-Forwarded-For` is read from the right, over the trusted proxies, to the first address that is
    none of theirs. For a request with forwarding headers from a peer that is no trusted proxy, the
    client is not known: None. So it is where a trusted proxy names its client in another header
    alone. Computed once a request.
    """
    if CACHED_AS not in environ:
        environ[CACHED_AS] = _find(environ)
    found: Address | None = environ[CACHED_AS]
    return found


def _find(environ: Mapping[str, Any]) -> Address | None:
    peer = _peer(environ)
    if peer is None:
        return None
    chain = environ.get("HTTP_X_FORWARDED_FOR", "").replace(",", " ").split()
    if not chain or not is_in(peer, settings.TRUSTED_PROXIES):
        return None if _is_forwarded(environ) else peer
    for text in reversed(chain):
        hop = _address(text)
        if hop is None or not is_in(hop, settings.TRUSTED_PROXIES):
            return hop
    return peer


def client_address_text(request: HttpRequest) -> str:
    """Return the client's address for counting and logging; the peer's where it is not known."""
    return address_text_of(request.META)


def address_text_of(environ: MutableMapping[str, Any]) -> str:
    return _address_text(environ) or "unknown"


def lockout_address(request: HttpRequest) -> str | None:
    """Return the same for django-axes, whose column holds an address or nothing."""
    return _address_text(request.META)


def _address_text(environ: MutableMapping[str, Any]) -> str | None:
    address = address_of(environ) or _peer(environ)
    return str(address) if address else None


def is_in(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


def _is_forwarded(environ: Mapping[str, Any]) -> bool:
    return any(name in FORWARDING_HEADERS or name.startswith(FORWARDING_PREFIX) for name in environ)


def _peer(environ: Mapping[str, Any]) -> Address | None:
    return _address(environ.get("REMOTE_ADDR", ""))


@lru_cache(maxsize=1024)
def _address(text: str) -> Address | None:
    """Return an address; IPv4 mapped to IPv6 is IPv4, and a zone such as `%eth0` is left out."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address
