"""The sections and keys of the agent's configuration, each key's reader beside its default."""

import os
import socket
from collections.abc import Iterable
from dataclasses import MISSING, dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from fim.agent.config import values as values
from fim.agent.config.values import STARTER_RULES
from fim.agent.config.working_hours import Shift

KIB, MIB, GIB = 1024, 1024**2, 1024**3
DAY_SECONDS = 24 * 60 * 60
DEFAULT_NODE_URL = "http://127.0.0.1:8000"
DEFAULT_STATE_DIR = "/var/lib/picket-agent"
CRITICAL_PATHS = (
    "/etc/passwd",
    "/etc/shadow",
    "/etc/group",
    "/etc/gshadow",
    "/etc/sudoers",
    "/etc/sudoers.d/",
    "/etc/pam.d/",
    "/etc/ssh/sshd_config",
    "/etc/ssh/sshd_config.d/",
    "/etc/ld.so.preload",
    "/etc/crontab",
    "/etc/cron.*/",
    "/var/spool/cron/",
    "/etc/systemd/system/",
    "authorized_keys",
)
MASKED_PATHS = (
    "/etc/shadow*",
    "/etc/gshadow*",
    "/etc/passwd*",
    "/etc/ssh/ssh_host_*_key",
    "sasl_passwd*",
    "*msmtprc",
    ".env",
    ".env.*",
    ".htpasswd",
    ".pgpass",
    ".my.cnf",
    ".netrc",
    ".git-credentials",
    "*.key",
    "*.pem",
    "id_*",
    "*secret*",
    "*credential*",
    "*password*",
)


def _key(read: values.Reader, default: Any = MISSING, **options: Any) -> Any:
    return field(default=default, metadata={"read": read}, **options)


def _seconds(default: float, *, at_least: float, at_most: float) -> Any:
    return _key(values.number(at_least=at_least, at_most=at_most, unit="seconds"), default)


def _bytes(default: int, *, at_least: int, at_most: int, zero_is: str = "") -> Any:
    reader = values.whole(at_least=at_least, at_most=at_most, unit="bytes", zero_is=zero_is)
    return _key(reader, default)


def _patterns(*default: str) -> Any:
    return _key(values.many(values.pattern), default)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSettings:
    """Where logs go. `key` is the key itself, read from `key_file` where that is given."""

    url: str = _key(values.url, DEFAULT_NODE_URL)
    key: str = _key(values.machine_key, "", repr=False)
    key_file: str = _key(values.path, "")
    timeout_seconds: float = _seconds(10.0, at_least=1, at_most=300)


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSettings:
    path: str = _key(values.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanSettings:
    """`max_bytes_per_second` 0: no bound. `workers` 0: one for each core."""

    every_seconds: float = _seconds(6 * 3600.0, at_least=1, at_most=30 * DAY_SECONDS)
    max_bytes_per_second: int = _bytes(
        50 * MIB, at_least=64 * KIB, at_most=100 * GIB, zero_is="no bound"
    )
    workers: int = _key(
        values.whole(at_least=1, at_most=64, unit="processes", zero_is="one for each core"), 0
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolSettings:
    max_bytes: int = _bytes(256 * MIB, at_least=64 * KIB, at_most=1024 * GIB)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeSettings:
    """Without working hours no change is suspicious for its time."""

    critical_paths: tuple[str, ...] = _patterns(*CRITICAL_PATHS)
    critical_extensions: tuple[str, ...] = _key(values.many(values.extension), ())
    working_hours: tuple[Shift, ...] = _key(values.many(values.shift), ())
    timezone: str = _key(values.timezone, "local")

    @property
    def zone(self) -> ZoneInfo | None:
        """The time zone; None for the host's own."""
        return None if self.timezone == "local" else ZoneInfo(self.timezone)


@dataclass(frozen=True, slots=True, kw_only=True)
class YaraSettings:
    """`rules` are files and directories; the word "starter" stands for the agent's own rules."""

    rules: tuple[str, ...] = _key(values.many(values.rules_path), (STARTER_RULES,))
    max_bytes: int = _bytes(16 * MIB, at_least=KIB, at_most=GIB)
    timeout_seconds: int = _key(values.whole(at_least=1, at_most=60, unit="seconds"), 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffSettings:
    paths: tuple[str, ...] = _patterns()
    max_bytes: int = _bytes(64 * KIB, at_least=KIB, at_most=MIB)
    masked_paths: tuple[str, ...] = _patterns(*MASKED_PATHS)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatSettings:
    """`every_seconds` 0, which a file cannot set: no heartbeats."""

    every_seconds: float = _seconds(60.0, at_least=1, at_most=3600)


@dataclass(frozen=True, slots=True, kw_only=True)
class CanarySettings:
    """`every_seconds` 0: no canaries."""

    every_seconds: float = _seconds(300.0, at_least=0, at_most=DAY_SECONDS)
    limit_seconds: float = _seconds(60.0, at_least=1, at_most=3600)


@dataclass(frozen=True, slots=True, kw_only=True)
class WhoSettings:
    """`audit_key` is the -k of auditd's rules; without `audit_log`, auditd.conf names it."""

    method: str = _key(values.one_of("auto", "fanotify", "audit", "none"), "auto")
    audit_key: str = _key(values.text, "picket")
    audit_log: str = _key(values.path, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole file. `warnings` say what is accepted but should be looked at."""

    host: str = _key(values.text, "")
    state_dir: str = _key(values.path, DEFAULT_STATE_DIR)
    window_seconds: float = _seconds(1.5, at_least=0.1, at_most=60)
    ignore: tuple[str, ...] = _patterns()
    allow: tuple[str, ...] = _patterns()
    watch: tuple[WatchSettings, ...] = ()
    node: NodeSettings = NodeSettings()
    scan: ScanSettings = ScanSettings()
    spool: SpoolSettings = SpoolSettings()
    judge: JudgeSettings = JudgeSettings()
    yara: YaraSettings = YaraSettings()
    diff: DiffSettings = DiffSettings()
    heartbeat: HeartbeatSettings = HeartbeatSettings()
    canary: CanarySettings = CanarySettings()
    who: WhoSettings = WhoSettings()
    warnings: tuple[str, ...] = field(default=(), metadata={"is_internal": True})

    @property
    def roots(self) -> tuple[str, ...]:
        return tuple(watch.path for watch in self.watch)

    @classmethod
    def for_directories(
        cls,
        directories: Iterable[str],
        *,
        state_dir: str,
        node_url: str = DEFAULT_NODE_URL,
        key: str = "",
        host: str = "",
        **others: Any,
    ) -> "Config":
        """Make a configuration of defaults, for directories that are known to exist."""
        return cls(
            host=host or socket.gethostname(),
            state_dir=state_dir,
            watch=tuple(WatchSettings(path=os.path.realpath(path)) for path in directories),
            node=NodeSettings(url=node_url, key=key),
            **others,
        )
