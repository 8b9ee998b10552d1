"""System checks of osquery's configuration."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register

from fim.protocols.osquery.configuration import BrokenConfig, read_config

MIN_SECRET_CHARACTERS = 16


@register(Tags.files)
def check_osquery_config(**kwargs: Any) -> list[CheckMessage]:
    try:
        read_config(settings.OSQUERY_CONFIG_PATH)
    except BrokenConfig as exc:
        return [
            Warning(
                f"OSQUERY_CONFIG_PATH names a file that osquery cannot be given. {exc}",
                hint="Until it is right, hosts keep the configuration that they have.",
                id="fim.W002",
            )
        ]
    return []


@register(Tags.security)
def check_enroll_secret(**kwargs: Any) -> list[CheckMessage]:
    length = len(settings.OSQUERY_ENROLL_SECRET)
    if length == 0 or length >= MIN_SECRET_CHARACTERS:
        return []
    return [
        Warning(
            f"OSQUERY_ENROLL_SECRET has {length} characters; who guesses it may post logs.",
            hint=f"Take at least {MIN_SECRET_CHARACTERS} random characters.",
            id="fim.W003",
        )
    ]
