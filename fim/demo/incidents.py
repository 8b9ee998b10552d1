"""What went wrong in the demo's last months, and what people did about it."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from fim.demo.routine import hash_of, moment, new_log, random_hash
from fim.record.new_log import NewLog
from fim.store.write import dedup_key_of
from threats.models import Severity, Status

SSHD, PASSWD = "/etc/ssh/sshd_config", "/etc/passwd"
DIFFS = Path(__file__).parent / "diffs"
ANNA = "anna"
BEN = "ben"


@dataclass(frozen=True, slots=True)
class SensorEvent:
    """What a sensor posts."""

    timestamp: datetime
    source_name: str
    event_type: str
    severity: str
    description: str
    dedup_key: str | None = None


@dataclass(frozen=True, slots=True)
class Handling:
    """What a person does about an alert."""

    timestamp: datetime
    dedup_key: str
    status: Status
    by: str
    note: str


# Minutes after the alert was raised, to which status, by whom, and why.
Step = tuple[int, Status, str, str]


def handlings(at: datetime, dedup_key: str, steps: tuple[Step, ...]) -> Iterator[Handling]:
    for minutes, status, by, note in steps:
        yield Handling(at + timedelta(minutes=minutes), dedup_key, status, by, note)


@dataclass(frozen=True, slots=True)
class Incident:
    """A bad change of one file, perhaps a few times over, and how it was handled."""

    days_ago: int
    clock: str
    host: str
    log: dict[str, Any]
    steps: tuple[Step, ...] = ()
    # After how many minutes the same was seen again.
    again: tuple[int, ...] = field(default=())

    def items(self, today: date) -> Iterator[NewLog | Handling]:
        draws = random.Random(f"{self.host} {self.log['path']} {self.days_ago}")  # noqa: S311
        at = moment(today - timedelta(days=self.days_ago), self.clock)
        for minutes in (0, *self.again):
            fields = {"sha256": random_hash(draws)} | self.log
            log = new_log(at + timedelta(minutes=minutes), self.host, draws, **fields)
            yield log
        yield from handlings(at, dedup_key_of(log), self.steps)


ACK, RESOLVED = Status.ACK, Status.RESOLVED
PHP = {"user": "www-data", "process": "php-fpm8.2 -> /var/www/shop"}


def diff(name: str) -> str:
    """Return what an agent would have made of a change of a text file."""
    return (DIFFS / f"{name}.diff").read_text()


def _malware(path: str, rule: str, **fields: Any) -> dict[str, Any]:
    return {"category": "malware", "action": "created", "path": path, "rule": rule} | fields


def _danger(path: str, rule: str, **fields: Any) -> dict[str, Any]:
    return {"category": "danger", "path": path, "rule": rule} | fields


def _root(process: str) -> dict[str, str]:
    return {"user": "root", "process": process, "owner": "root", "group": "root"}


def _version(path: str, version: int) -> dict[str, str]:
    return {"sha256": hash_of(path, version), "sha256_before": hash_of(path, version - 1)}


INCIDENTS = (
    Incident(86, "14:03:22", "web-2", _malware(
        "/var/www/shop/public/uploads/tmp/c99.php", "web-shell-name", **PHP, size_bytes=31_207),
        ((9, ACK, ANNA, "Looking."),
         (64, RESOLVED, ANNA, "Uploaded by our own pen test, ticket SEC-311. File removed."))),
    Incident(84, "10:02:51", "web-3", _danger(
        PASSWD, "critical-path", **_root("useradd -> /"), **_version(PASSWD, 3)),
        ((11, RESOLVED, BEN, "Anna's account, OPS-2027."),)),
    Incident(82, "11:15:20", "web-3", _danger(
        SSHD, "critical-path", **_root("ansible -> /etc/ssh"), **_version(SSHD, 2)),
        ((18, RESOLVED, BEN, "MaxAuthTries is 3 on all web hosts now."),)),
    Incident(79, "09:41:10", "db-1", _danger(
        PASSWD, "critical-path", **_root("useradd -> /")),
        ((22, RESOLVED, BEN, "New account for the reporting job, OPS-2041."),)),
    Incident(74, "22:17:45", "build-2", _danger(
        "/etc/sudoers.d/build", "critical-path", **_root("vim -> /etc/sudoers.d"),
        attributes={"diff": diff("sudoers"), "login_user": "ben"}),
        ((31, ACK, ANNA, "Ben, was this you? That is far too wide."),
         (640, RESOLVED, BEN, "Mine, while chasing a broken runner. Reverted."))),
    Incident(67, "03:12:09", "mail-1", _malware(
        "/var/spool/rspamd/quarantine/8812.ps1", "reverse_shell_in_powershell", user="_rspamd",
        process="rspamd -> /var/spool/rspamd", size_bytes=11_204),
        ((301, RESOLVED, ANNA, "Quarantined attachment, nobody opened it. Ignored from now on."),),
        again=(11, 19)),
    Incident(61, "11:20:31", "vpn-1", _danger(
        "/etc/wireguard/wg0.conf", "critical-path", action="attributes", mode="0666",
        **_root("chmod -> /etc/wireguard")),
        ((6, RESOLVED, BEN, "Mode was wrong for four minutes; keys replaced all the same."),)),
    Incident(53, "17:48:02", "web-4", _danger(
        "/usr/bin/curl", "critical-path", **_root("cp -> /usr/bin")),
        ((14, ACK, ANNA, "Not from a package. Comparing hashes."),
         (96, RESOLVED, ANNA, "Static build by deploy, put back to Debian's."))),
    Incident(51, "15:09:44", "web-3", _danger(
        SSHD, "critical-path", **_root("ansible -> /etc/ssh"), **_version(SSHD, 3)),
        ((7, RESOLVED, ANNA, "Passwords are off everywhere, as announced."),)),
    Incident(46, "13:31:57", "bastion-1", _danger(
        "/root/.ssh/authorized_keys", "critical-path", **_root("ansible -> /root")),
        ((4, RESOLVED, BEN, "Key rotation, announced on Monday."),)),
    Incident(39, "02:26:40", "build-1", _malware(
        "/tmp/.cache/kthrotlds", "miner_program", user="ci",  # noqa: S108
        process="bash -> /tmp/.cache",
        mode="0755", size_bytes=7_340_032),
        ((318, ACK, ANNA, "Came with a poisoned dependency of a feature branch."),
         (402, ACK, BEN, "Runner is rebuilt from the image, tokens are revoked."),
         (1_460, RESOLVED, ANNA, "No other runner has it. CI checks the lock file from now on.")),
        again=(2, 7, 15, 31, 63)),
    Incident(36, "10:05:18", "monitor-1", _danger(
        "/var/spool/cron/crontabs/root", "critical-path", **_root("crontab -> /root"),
        attributes={"diff": diff("crontab"), "login_user": "ben"}),
        ((12, RESOLVED, ANNA, "Weekly check of the backups, wanted."),)),
    Incident(30, "15:22:44", "files-1", _malware(
        "/srv/share/projects/2026/114/offer/index.html", "miner_in_page", user="dewi",
        process="smbd -> /srv/share"),
        ((3, ACK, BEN, "Calling Dewi."),
         (41, RESOLVED, BEN, "A page saved from the web, miner and all. Nobody opened it."))),
    Incident(23, "04:37:12", "web-1", _malware(
        "/var/www/shop/public/uploads/tmp/up.phtml", "web-shell-name", **PHP, size_bytes=1_904),
        ((205, ACK, ANNA, "Blocked by nginx: no PHP runs below uploads on web-1."),
         (260, RESOLVED, ANNA, "Form now refuses .phtml. web-3 lacks the nginx rule: OPS-2177.")
         ), again=(1, 2)),
    Incident(18, "16:40:33", "api-2", _danger(
        "/etc/systemd/system/shop-worker.service", "critical-path", **_root("vim -> /etc/systemd")),
        ((19, RESOLVED, BEN, "Memory limit raised, OPS-2190."),)),
    Incident(12, "23:55:08", "db-2", _danger(
        "/etc/postgresql/15/main/pg_hba.conf", "critical-path", user="postgres",
        process="bash -> /etc/postgresql/15/main"),
        ((38, ACK, BEN, "Trust for 10.0.4.0/24 during the restore. I take it out tomorrow."),
         (613, RESOLVED, BEN, "Out again."))),
    Incident(7, "12:14:26", "web-2", _danger(
        "/etc/nginx/snippets/tls.conf", "critical-path", **_root("vim -> /etc/nginx")),
        ((25, RESOLVED, ANNA, "TLS 1.1 was back on. Ansible restored it."),)),
    Incident(4, "19:08:51", "cache-1", _danger(
        "/etc/redis/redis.conf", "critical-path", **_root("vim -> /etc/redis")),
        ((840, ACK, BEN, "Binds to all addresses since. Asking the team who needs that."),)),
    Incident(2, "06:12:40", "build-1", _danger(
        "/etc/sudoers.d/10-runner", "critical-path", action="created", mode="0440",
        **_root("dpkg -> /"), attributes={"explained_by": {
            "package": "runner", "version": "3.2.0", "version_before": "3.1.9", "tool": "dpkg"}}),
        ((170, ACK, ANNA, "Comes with the runner's package; asking its makers why."),)),
    Incident(1, "17:33:15", "files-1", _danger(
        "/etc/samba/smb.conf", "critical-path", **_root("vim -> /etc/samba"),
        attributes={"login_user": "citra"})),
)  # fmt: skip


def incidents(today: date) -> Iterator[NewLog | Handling]:
    for incident in INCIDENTS:
        yield from incident.items(today)


# What sensors other than the agents say: days ago, clock, source, type, severity and words; and
# how many minutes later somebody closed it.
SENSOR_EVENTS: tuple[tuple[int, str, str, str, Severity, str, int], ...] = (
    (88, "08:15:00", "vpn-1", "login.new_country", Severity.LOW, "ben signed in from Portugal.", 0),
    (82, "03:40:12", "bastion-1", "ssh.brute_force", Severity.HIGH,
     "4,120 failed sign-ins as root from 203.0.113.77 in an hour.", 290),
    (77, "19:22:05", "waf-1", "http.sql_injection", Severity.MEDIUM,
     "union select in ?category= from 203.0.113.18, refused.", 0),
    (70, "12:00:41", "scanner-1", "tls.certificate_ends", Severity.LOW,
     "mail.example.org: 21 days left.", 0),
    (57, "01:12:33", "ids-1", "net.port_scan", Severity.MEDIUM,
     "203.0.113.140 tried 1,024 ports of vpn-1.", 0),
    (49, "02:58:20", "bastion-1", "ssh.brute_force", Severity.HIGH,
     "2,977 failed sign-ins as admin from 198.51.100.9 in an hour.", 355),
    (42, "16:16:16", "waf-1", "http.path_traversal", Severity.MEDIUM,
     "/../../etc/passwd from 203.0.113.18, refused.", 0),
    (33, "09:05:50", "vpn-1", "login.new_country", Severity.LOW, "dewi signed in from Japan.", 0),
    (26, "04:11:07", "ids-1", "net.port_scan", Severity.MEDIUM,
     "198.51.100.23 tried 200 ports of web-1 and web-3.", 0),
    (19, "21:47:59", "waf-1", "http.upload_refused", Severity.MEDIUM,
     "198.51.100.23 sent up.phtml to /support/upload on web-1.", 0),
    (11, "03:02:48", "bastion-1", "ssh.brute_force", Severity.HIGH,
     "1,530 failed sign-ins as deploy from 203.0.113.201 in an hour.", 301),
    (5, "10:30:00", "scanner-1", "package.vulnerable", Severity.MEDIUM,
     "sudo 1.9.13p3-1+deb12u2 on 16 hosts; an update is out.", 0),
)  # fmt: skip


def sensor_events(today: date) -> Iterator[SensorEvent | Handling]:
    for days_ago, clock, source, kind, severity, words, minutes in SENSOR_EVENTS:
        at = moment(today - timedelta(days=days_ago), clock)
        key = f"{kind}:{source}"
        yield SensorEvent(at, source, kind, severity, words, key)
        if minutes:
            note = "Address is blocked; nobody got in."
            yield from handlings(at, key, ((minutes, RESOLVED, BEN, note),))
