"""System checks of ingest."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import DEFAULT_DB_ALIAS

from fim.store.dialect import dialect


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


@register(Tags.database)
def check_search_index(*, databases: Sequence[str] | None, **kwargs: Any) -> list[CheckMessage]:
    """Runs in `manage.py migrate` and `manage.py check --database default`."""
    if DEFAULT_DB_ALIAS not in (databases or ()) or dialect.has_search_index():
        return []
    return [
        Warning(
            "Searches of logs read all paths, users and processes: PostgreSQL's extension pg_trgm"
            " is not installed.",
            hint="Install it (Debian: postgresql-contrib), then run `manage.py migrate fim 0001"
            " --fake` and `manage.py migrate fim`.",
            id="fim.W004",
        )
    ]
