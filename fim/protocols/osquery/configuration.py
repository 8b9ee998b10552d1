"""What osqueryd watches: the file at OSQUERY_CONFIG_PATH, else a small default."""

from pathlib import Path
from typing import Any

from config.api.parsers import parse_json

MAX_CONFIG_BYTES = 1024 * 1024

# Wildcards: docs/wiki/deployment/file-integrity-monitoring.md of osquery. A path that a host does
# not have is ignored there. `eid` is a hidden column that distinguishes two events of one second.
DEFAULT_CONFIG: dict[str, Any] = {
    "schedule": {
        "file_events": {
            "query": "SELECT *, eid FROM file_events;",
            "interval": 60,
            "removed": False,
        }
    },
    "file_paths": {
        "configuration": ["/etc/%%"],
        "programs": [
            "/bin/%%",
            "/sbin/%%",
            "/usr/bin/%%",
            "/usr/sbin/%%",
            "/usr/local/bin/%%",
            "/usr/local/sbin/%%",
        ],
        "boot": ["/boot/%%"],
        "jobs": ["/var/spool/cron/%%", "/usr/lib/systemd/system/%%"],
        "keys": ["/root/.ssh/%%", "/home/%/.ssh/%%"],
        "web": ["/var/www/%%"],
    },
}


class BrokenConfig(Exception):
    """The file cannot be used; the message says why, without what it holds."""


def read_config(path: str) -> dict[str, Any]:
    """Return the configuration at a path, or the default where there is no path.

    Raises BrokenConfig.
    """
    if not path:
        return DEFAULT_CONFIG
    try:
        with Path(path).open("rb") as file:
            text = file.read(MAX_CONFIG_BYTES + 1)
    except (OSError, ValueError) as exc:
        raise BrokenConfig("It cannot be read.") from exc
    if len(text) > MAX_CONFIG_BYTES:
        raise BrokenConfig(f"It has over {MAX_CONFIG_BYTES} bytes.")
    try:
        config = parse_json(text)
    except ValueError as exc:
        raise BrokenConfig("It is no JSON; comments are not taken.") from exc
    if not isinstance(config, dict):
        raise BrokenConfig("It is no JSON object.")
    return config
