"""Logs as a fleet of real hosts would send them. Deterministic: the same seed, the same logs.

80 % are normal, 12 % suspicious, 6 % danger and 2 % malware. Paths repeat: of 100 logs 95 speak of
a file that changes again and again, with frequencies that fall off as in Zipf's law, over 20,000
paths that all hosts share and 1,000 of each host's own; 5 speak of a file that comes once, such as
a session. What is bad happens in a few places of each host. Of ten changes of a file nine are made
by the same user and process.
"""

import json
import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

HOSTS = 50
SHARED_PATHS = 20_000
OWN_PATHS = 1_000
BAD_PATHS = 20
CATEGORIES = ["normal"] * 80 + ["suspicious"] * 12 + ["danger"] * 6 + ["malware"] * 2
ACTIONS = ["modified"] * 60 + ["created"] * 20 + ["deleted"] * 10 + ["attributes"] * 7
ACTIONS += ["moved"] * 3
PEOPLE = [
    ("root", "dpkg -> /"),
    ("root", "logrotate -> /var/log"),
    ("www-data", "php-fpm8.2 -> /var/www/shop"),
    ("www-data", "nginx -> /"),
    ("deploy", "git -> /srv/shop"),
    ("deploy", "rsync -> /srv/releases"),
    ("backup", "restic -> /srv"),
    ("postgres", "postgres -> /var/lib/postgresql"),
    ("ayu", "vim -> /etc/nginx"),
    ("budi", "bash -> /home/budi"),
    ("citra", "python3 -> /home/citra/jobs"),
    ("root", "cron -> /root"),
]
PHP = 2
FOLDERS = [
    "/var/www/shop/wp-content/uploads",
    "/var/www/shop/wp-content/plugins/forms",
    "/var/www/shop/storage/framework/views",
    "/srv/releases/current/app",
    "/usr/lib/python3/dist-packages",
    "/usr/share/doc",
    "/etc/nginx/sites-available",
    "/etc/systemd/system",
    "/home/budi/projects",
    "/opt/agent/cache",
]
WORDS = ["index", "order", "invoice", "session", "config", "report", "module", "asset", "image"]
ENDINGS = [".php", ".js", ".html", ".py", ".conf", ".log", ".json", ".jpg"]
SOURCE = "picket-watch"

# What the search benchmark looks for. COMMON stands in about a third of all logs; RARE in as many
# logs as RARE_LOGS says, whatever the number of all; ABSENT in none.
COMMON = "/var/www"
RARE = "qvxk"
RARE_LOGS = 10
ABSENT = "zzjqxw"


class Fleet:
    """Makes logs, as dicts of the contract's fields; timestamps are aware and UTC."""

    def __init__(self, seed: int = 1) -> None:
        self.random = random.Random(seed)  # noqa: S311
        names = random.Random(0)  # noqa: S311
        self.shared = [_path(names, n) for n in range(SHARED_PATHS)]
        bad = HOSTS * BAD_PATHS
        self.bad = [f"/var/www/shop/uploads/{names.getrandbits(40):x}.php" for _ in range(bad)]
        self.seq = 0

    def log(self, timestamp: datetime, *, host: int | None = None) -> dict[str, Any]:
        """Return a log of one host, 0 to HOSTS - 1, or of any."""
        draw = self.random.random
        number = int(draw() * HOSTS) if host is None else host
        category = CATEGORIES[int(draw() * 100)]
        path, owner = self._path_of(number, category)
        user, process = PEOPLE[owner % len(PEOPLE) if draw() < 0.9 else int(draw() * len(PEOPLE))]
        self.seq += 1
        return {
            "event_id": uuid.UUID(int=self.random.getrandbits(128), version=4),
            "timestamp": timestamp,
            "host": f"web-{number:02}",
            "category": category,
            "action": ACTIONS[int(draw() * 100)],
            "path": path,
            "user": user,
            "process": process,
            "source": SOURCE,
            "seq": self.seq,
        }

    def _path_of(self, host: int, category: str) -> tuple[str, int]:
        """Return a path, and a number that says who mostly changes it."""
        draw = self.random.random()
        if category in ("danger", "malware"):
            n = host * BAD_PATHS + int(draw * BAD_PATHS)
            return self.bad[n], n
        if draw < 0.05:
            return f"/var/lib/php/sessions/sess_{self.random.getrandbits(104):026x}", PHP
        # A number drawn so is n with a chance of about 1/n.
        if draw < 0.25:
            n = int(OWN_PATHS ** self.random.random())
            return f"/srv/releases/web-{host:02}/cache/{n}.json", n
        n = int(SHARED_PATHS ** self.random.random()) - 1
        return self.shared[n], n


def _path(names: random.Random, number: int) -> str:
    folder, word, ending = names.choice(FOLDERS), names.choice(WORDS), names.choice(ENDINGS)
    return f"{folder}/{word}/{word}-{number}{ending}"


def as_sent(log: dict[str, Any]) -> bytes:
    """Return the JSON that an agent would send, about 300 bytes."""
    moment = log["timestamp"].isoformat(timespec="microseconds").replace("+00:00", "Z")
    return json.dumps({**log, "event_id": str(log["event_id"]), "timestamp": moment}).encode()


def live_logs(fleet: Fleet, count: int) -> Iterator[dict[str, Any]]:
    """Yield logs of any host that happen now, a millisecond apart."""
    now = datetime.now(UTC) - timedelta(milliseconds=count)
    for n in range(count):
        yield fleet.log(now + timedelta(milliseconds=n))


def batch(fleet: Fleet, records: int, *, host: int) -> bytes:
    """Return the NDJSON that one host's agent would send after a while without a node."""
    now = datetime.now(UTC) - timedelta(milliseconds=records)
    logs = (fleet.log(now + timedelta(milliseconds=n), host=host) for n in range(records))
    return b"".join(as_sent(log) + b"\n" for log in logs)
