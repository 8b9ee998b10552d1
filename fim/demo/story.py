"""One night on web-3: from an upload form to root, told by the files that changed.

A reader follows it from the alert of the web shell to the logs around it, and from there to the
diffs: the page that loads the shell, the cron job, sshd's settings, the second root account.
"""

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from fim.demo.incidents import (
    ACK,
    ANNA,
    BEN,
    PASSWD,
    SSHD,
    Handling,
    SensorEvent,
    Step,
    diff,
    handlings,
)
from fim.demo.routine import hash_of, moment, new_log
from fim.record.new_log import NewLog
from fim.store.write import dedup_key_of
from threats.models import Severity

HOST = "web-3"
STRANGER = "198.51.100.23"
BEGINS = "02:11:36"
# From the first request until people have taken web-3 away.
LASTS = timedelta(hours=6)
UPLOADS = "/var/www/shop/public/uploads/support"
SHELL = f"{UPLOADS}/invoice_8841.php"
SHELL_RULE = "php_evaluates_decoded_text"
CHECKOUT = "/var/www/shop/src/Checkout/Controller.php"
BACKDOOR = "/usr/local/lib/.sysd"
CRON = "/etc/cron.d/php"
KEYS = "/usr/share/man/.keys"
AUTH_LOG = "/var/log/auth.log"
HISTORY = "/root/.bash_history"
EXPLOIT = "/dev/shm/.x/pwn.c"  # noqa: S108

PHP: dict[str, Any] = {
    "user": "www-data",
    "process": "php-fpm8.2 -> /var/www/shop/public",
    "executable": "/usr/sbin/php-fpm8.2",
    "owner": "www-data",
    "group": "www-data",
}
DASH: dict[str, Any] = {
    "user": "www-data",
    "process": "sh -> /var/www/shop/public/uploads/support",
    "executable": "/usr/bin/dash",
    "owner": "www-data",
    "group": "www-data",
}
ROOT: dict[str, Any] = {
    "user": "root",
    "process": "sh -> /usr/local/lib/.sysd",
    "executable": "/usr/bin/dash",
    "owner": "root",
    "group": "root",
}


@dataclass(frozen=True, slots=True)
class Chapter:
    """One change, so long after the beginning, and what people did about its alert."""

    minutes: int
    seconds: int
    log: dict[str, Any]
    attributes: dict[str, Any]
    steps: tuple[Step, ...] = ()


# fmt: off
CHAPTERS = (
    Chapter(0, 4, {
        "category": "suspicious", "action": "created", "path": f"{UPLOADS}/invoice_8841.php.jpg",
        "rule": "outside-working-hours", "sha256": hash_of(SHELL, 1), "size_bytes": 2_318,
        "mode": "0644", **PHP,
    }, {"pid": 21_877, "command_line": "php-fpm: pool shop"}),
    Chapter(0, 31, {
        "category": "malware", "action": "moved", "path": SHELL,
        "path_from": f"{UPLOADS}/invoice_8841.php.jpg", "rule": SHELL_RULE,
        "sha256": hash_of(SHELL, 1), "size_bytes": 2_318, "mode": "0644", **PHP,
    }, {
        "pid": 21_877, "command_line": "php-fpm: pool shop", "mitre": ["T1190", "T1505.003"],
        "findings": [SHELL_RULE, "php_in_image", "outside-working-hours"],
    }, (
        (331, ACK, ANNA, "A real shell. web-3 is out of the load balancer, its disk is copied."),
        (352, ACK, BEN, f"It was called 41 times from {STRANGER}, first at 02:12. Reading on."),
    )),
    Chapter(9, 48, {
        "category": "danger", "path": CHECKOUT,
        "rule": "critical-path", "sha256_before": hash_of(CHECKOUT, 3),
        "sha256": hash_of(CHECKOUT, 4), "size_bytes": 6_604, "mode": "0644", **DASH,
    }, {
        "pid": 22_051, "ppid": 21_877, "diff": diff("checkout"), "mitre": ["T1554"],
        "command_line": "sh -c cat > ../../../src/Checkout/Controller.php",
    }, (
        (344, ACK, ANNA, "Card numbers may have left from 02:21 on. Told data protection."),
    )),
    Chapter(17, 12, {
        "category": "suspicious", "action": "created", "path": EXPLOIT,
        "rule": "outside-working-hours", "sha256": hash_of(EXPLOIT, 1), "size_bytes": 11_960,
        "mode": "0644", **DASH,
    }, {"pid": 22_140, "ppid": 21_877}),
    Chapter(19, 3, {
        "category": "malware", "action": "created", "path": BACKDOOR,
        "rule": "reverse_shell_in_script", "sha256": hash_of(BACKDOOR, 1), "size_bytes": 47_528,
        "mode": "4755", **ROOT,
    }, {
        "pid": 22_164, "ppid": 22_140, "mitre": ["T1548.001"],
        "findings": ["reverse_shell_in_script", "setuid-gained: mode 4755, owner root"],
        "command_line": "install -m 4755 a.out /usr/local/lib/.sysd",
    }),
    Chapter(22, 40, {
        "category": "danger", "path": CRON, "rule": "critical-path",
        "sha256_before": hash_of(CRON, 3), "sha256": hash_of(CRON, 4), "size_bytes": 805,
        "mode": "0644", **ROOT,
    }, {"pid": 22_210, "diff": diff("cron"), "mitre": ["T1053.003"]}),
    Chapter(27, 5, {
        "category": "danger", "path": SSHD, "rule": "critical-path",
        "sha256_before": hash_of(SSHD, 3), "sha256": hash_of(SSHD, 4), "size_bytes": 3_289,
        "mode": "0644", **ROOT,
    }, {"pid": 22_238, "diff": diff("sshd_config"), "mitre": ["T1098", "T1021.004"]}),
    Chapter(27, 51, {
        "category": "danger", "action": "created", "path": KEYS,
        "rule": "critical-path", "sha256": hash_of(KEYS, 1), "size_bytes": 568, "mode": "0600",
        **ROOT,
    }, {"pid": 22_241, "mitre": ["T1098.004"]}),
    Chapter(30, 20, {
        "category": "danger", "path": PASSWD, "rule": "critical-path",
        "sha256_before": hash_of(PASSWD, 3), "sha256": hash_of(PASSWD, 4), "size_bytes": 1_612,
        "mode": "0644", **ROOT,
    }, {"pid": 22_260, "diff": diff("passwd"), "mitre": ["T1136.001"]}),
    Chapter(38, 2, {
        "category": "danger", "path": AUTH_LOG, "rule": "critical-path",
        "sha256_before": hash_of(AUTH_LOG, 3), "sha256": hashlib.sha256(b"").hexdigest(),
        "size_bytes": 0, "mode": "0640", **ROOT,
    }, {
        "pid": 22_301, "size_bytes_before": 412_877, "mitre": ["T1070.002"],
        "command_line": "sh -c : > /var/log/auth.log",
    }),
    Chapter(38, 9, {
        "category": "suspicious", "action": "deleted", "path": HISTORY,
        "rule": "outside-working-hours", "sha256_before": hash_of(HISTORY, 3), **ROOT,
    }, {"pid": 22_302, "mitre": ["T1070.003"]}),
    Chapter(38, 15, {
        "category": "suspicious", "action": "deleted", "path": EXPLOIT,
        "rule": "outside-working-hours", "sha256_before": hash_of(EXPLOIT, 1), **ROOT,
    }, {"pid": 22_303}),
)
# fmt: on
# Minutes after the beginning, sensor, type, severity and words.
WITNESSES = (
    (
        -4,
        "waf-1",
        "http.upload_suspicious",
        Severity.MEDIUM,
        f"{STRANGER} sent invoice_8841.php.jpg, a double extension, to /support/upload on {HOST}.",
    ),
    (
        25,
        "ids-1",
        "net.beacon",
        Severity.HIGH,
        f"{HOST} opens a connection to {STRANGER}:4444 every five minutes.",
    ),
    (
        33,
        "bastion-1",
        "ssh.root_login",
        Severity.MEDIUM,
        f"root signed in to {HOST} with a password from {STRANGER}.",
    ),
)  # fmt: skip
BEACONS_EVERY = timedelta(minutes=5)


def story(now: datetime) -> Iterator[NewLog | SensorEvent | Handling]:
    """Yield the last such night that was over before `now`."""
    begins = _last_night(now)
    draws = random.Random(HOST)  # noqa: S311
    for chapter in CHAPTERS:
        at = begins + timedelta(minutes=chapter.minutes, seconds=chapter.seconds)
        log = new_log(at, HOST, draws, **chapter.log, attributes=chapter.attributes)
        yield log
        yield from handlings(begins, dedup_key_of(log), chapter.steps)
    for minutes, source, kind, severity, words in WITNESSES:
        at = begins + timedelta(minutes=minutes)
        yield SensorEvent(at, source, kind, severity, words, f"{kind}:{HOST}")
    yield from _beacons(begins, words=WITNESSES[1][4])
    yield from _calls_of_the_shell(begins, draws)


def _last_night(now: datetime) -> datetime:
    today = now.astimezone(timezone.get_default_timezone()).date()
    nights = (moment(today - timedelta(days=days_ago), BEGINS) for days_ago in (0, 1))
    return next(night for night in nights if night + LASTS <= now or night.date() < today)


def _beacons(begins: datetime, *, words: str) -> Iterator[SensorEvent]:
    first = begins + timedelta(minutes=25)
    for n in range(1, 38):
        yield SensorEvent(
            first + n * BEACONS_EVERY, "ids-1", "net.beacon", Severity.HIGH, words,
            f"net.beacon:{HOST}",
        )  # fmt: skip


def _calls_of_the_shell(begins: datetime, draws: random.Random) -> Iterator[NewLog]:
    """The shell keeps a note of its own beside itself: the repeats of its alert."""
    for n in range(8):
        at = begins + timedelta(minutes=44 + 17 * n, seconds=draws.randrange(60))
        yield new_log(
            at, HOST, draws, category="malware", action="attributes", path=SHELL,
            rule=SHELL_RULE, sha256=hash_of(SHELL, 1), size_bytes=2_318, mode="0600",
            **PHP, attributes={"pid": 21_900 + n},
        )  # fmt: skip
