"""The base URL of a node: the one rule for the configuration and for whoever connects."""

from urllib.parse import SplitResult, urlsplit


def parse_node_url(url: str) -> SplitResult:
    """Return the parts of a base URL. Raises ValueError, also for what is more than a base."""
    if not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError("it holds blanks or characters that a URL cannot hold")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("it must start with http:// or https:// and name a host")
    if parts.query or parts.fragment or parts.username is not None:
        raise ValueError("it must hold no user name, query or fragment")
    if not _has_usable_port(parts):
        raise ValueError("its port must be 1 to 65535")
    return parts


def _has_usable_port(parts: SplitResult) -> bool:
    try:
        return parts.port != 0
    except ValueError:
        return False
