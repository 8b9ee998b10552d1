"""System checks: configuration that works and that a careful operator would want to change."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register


@register(Tags.security, deploy=True)
def check_hosts(**kwargs: Any) -> list[CheckMessage]:
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    return [
        Warning(
            "ALLOWED_HOSTS takes any Host header.",
            hint="Name the hosts that clients use: a forged Host can poison links and caches.",
            id="config.W001",
        )
    ]


@register(Tags.security)
def check_proxies(**kwargs: Any) -> list[CheckMessage]:
    if all(network.prefixlen > 0 for network in settings.TRUSTED_PROXIES):
        return []
    return [
        Warning(
            "TRUSTED_PROXIES trusts every address, so any client can forge where it is.",
            hint="Name the proxies' own addresses.",
            id="config.W002",
        )
    ]


@register(Tags.security)
def check_tokens(**kwargs: Any) -> list[CheckMessage]:
    if not settings.JWT_SIGNING_KEY or len(settings.JWT_SIGNING_KEY) >= 32:
        return []
    return [
        Warning(
            f"JWT_SIGNING_KEY has {len(settings.JWT_SIGNING_KEY)} characters; who guesses it is"
            " an admin on every node of the fleet.",
            hint="Take at least 32 random characters.",
            id="config.W003",
        )
    ]
