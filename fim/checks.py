"""System checks of ingest."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register


@register(Tags.security)
def check_ingest_networks(**kwargs: Any) -> list[CheckMessage]:
    if all(network.prefixlen > 0 for network in settings.FIM_INGEST_ALLOWED_NETWORKS):
        return []
    return [
        Warning(
            "FIM_INGEST_ALLOWED_NETWORKS lets anyone post logs without a key.",
            hint="Name the agents' networks, and give a key to agents elsewhere.",
            id="fim.W001",
        )
    ]
