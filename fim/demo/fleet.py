"""The hosts of the demo, and what happens on each again and again."""

from collections.abc import Iterator
from dataclasses import dataclass

HOSTS: dict[str, str] = {
    "web-1": "web",
    "web-2": "web",
    "web-3": "web",
    "web-4": "web",
    "api-1": "web",
    "api-2": "web",
    "db-1": "db",
    "db-2": "db",
    "cache-1": "cache",
    "mail-1": "mail",
    "files-1": "files",
    "build-1": "build",
    "build-2": "build",
    "vpn-1": "edge",
    "bastion-1": "edge",
    "monitor-1": "monitor",
}
EVERY_ROLE = "*"

# When people work, when machines work, and what never sleeps: the hours of a local day.
OFFICE = (8, 18)
NIGHT = (1, 5)
ALL_DAY = (0, 24)
EVENING = (19, 23)


@dataclass(frozen=True, slots=True)
class Habit:
    """A kind of change that comes back: so many a working day, in some hours, by one program."""

    role: str
    per_day: float
    hours: tuple[int, int]
    # `{n}` stands for a number below `kinds`, small ones most often; `{x}` for a random name.
    path: str
    user: str
    process: str
    executable: str = ""
    action: str = "modified"
    kinds: int = 1
    category: str = "normal"
    rule: str = ""
    # What is left of it on a Saturday or Sunday.
    weekend: float = 1.0
    mode: str = "0644"


PHP = ("www-data", "php-fpm8.2 -> /var/www/shop", "/usr/sbin/php-fpm8.2")

# fmt: off
HABITS = (
    Habit("web", 9, ALL_DAY, "/var/lib/php/sessions/sess_{x}", *PHP, action="created",
          weekend=0.6, mode="0600"),
    Habit("web", 7, ALL_DAY, "/var/www/shop/var/cache/pages/{n}.html", *PHP, kinds=400,
          weekend=0.6),
    Habit("web", 4, OFFICE, "/var/www/shop/public/uploads/products/{n}.webp", *PHP,
          action="created", kinds=9000, weekend=0.3),
    Habit("web", 1, ALL_DAY, "/var/www/shop/var/log/shop-{n}.log", *PHP, kinds=4),
    Habit("web", 0.12, OFFICE, "/etc/nginx/sites-available/shop.conf", "deploy",
          "ansible -> /etc/nginx", "/usr/bin/python3.11", weekend=0),
    Habit("web", 0.5, NIGHT, "/var/www/shop/public/uploads/tmp/{x}.svg", *PHP,
          action="created", category="suspicious", rule="outside-working-hours"),
    Habit("db", 4, NIGHT, "/var/backups/postgresql/shop-{n}.dump", "postgres",
          "pg_dump -> /var/backups/postgresql", "/usr/lib/postgresql/15/bin/pg_dump", kinds=7,
          mode="0600"),
    Habit("db", 9, ALL_DAY, "/var/lib/postgresql/15/main/pg_wal/archive_status/{x}.done",
          "postgres", "postgres -> /var/lib/postgresql/15/main",
          "/usr/lib/postgresql/15/bin/postgres", action="created", mode="0600"),
    Habit("db", 0.15, OFFICE, "/etc/postgresql/15/main/pg_hba.conf", "root",
          "ansible -> /etc/postgresql", "/usr/bin/python3.11", weekend=0, mode="0640"),
    Habit("cache", 6, ALL_DAY, "/var/lib/redis/dump.rdb", "redis",
          "redis-server -> /var/lib/redis", "/usr/bin/redis-server", mode="0660"),
    Habit("mail", 12, ALL_DAY, "/var/lib/rspamd/bayes-{n}.sqlite", "_rspamd",
          "rspamd -> /var/lib/rspamd", "/usr/bin/rspamd", kinds=6),
    Habit("mail", 1.5, OFFICE, "/etc/postfix/virtual", "root", "ansible -> /etc/postfix",
          "/usr/bin/python3.11", weekend=0),
    Habit("files", 22, OFFICE, "/srv/share/projects/2026/{n}/notes.odt", "citra",
          "smbd -> /srv/share", "/usr/sbin/smbd", kinds=300, weekend=0.1),
    Habit("files", 10, OFFICE, "/srv/share/invoices/{n}.pdf", "dewi", "smbd -> /srv/share",
          "/usr/sbin/smbd", action="created", kinds=5000, weekend=0.05),
    Habit("build", 24, OFFICE, "/srv/builds/shop/{n}/shop.tar.zst", "ci",
          "runner -> /srv/builds", "/usr/local/bin/runner", action="created", kinds=3000,
          weekend=0.1),
    Habit("build", 9, OFFICE, "/srv/builds/cache/{x}", "ci", "runner -> /srv/builds",
          "/usr/local/bin/runner", action="deleted", weekend=0.2),
    Habit("edge", 5, OFFICE, "/home/anna/.ssh/known_hosts", "anna", "ssh -> /home/anna",
          "/usr/bin/ssh", weekend=0.1, mode="0600"),
    Habit("edge", 2, OFFICE, "/home/ben/.bash_history", "ben", "bash -> /home/ben",
          "/usr/bin/bash", weekend=0.1, mode="0600"),
    Habit("edge", 0.3, EVENING, "/etc/wireguard/wg0.conf", "ben", "vim -> /etc/wireguard",
          "/usr/bin/vim.basic", category="suspicious", rule="outside-working-hours",
          mode="0600"),
    Habit("monitor", 16, ALL_DAY, "/var/lib/prometheus/metrics2/{x}/meta.json", "prometheus",
          "prometheus -> /var/lib/prometheus", "/usr/bin/prometheus", action="created"),
    Habit(EVERY_ROLE, 3, (0, 1), "/var/log/syslog.{n}", "root", "logrotate -> /var/log",
          "/usr/sbin/logrotate", kinds=6, mode="0640"),
    Habit(EVERY_ROLE, 1, (0, 1), "/var/log/auth.log.1", "root", "logrotate -> /var/log",
          "/usr/sbin/logrotate", mode="0640"),
    Habit(EVERY_ROLE, 1, ALL_DAY, "/var/lib/systemd/timers/stamp-{n}.timer", "root",
          "systemd -> /", "/usr/lib/systemd/systemd", action="attributes", kinds=9),
    Habit(EVERY_ROLE, 0.5, NIGHT, "/etc/ssl/certs/ca-certificates.crt", "root",
          "update-ca-certificates -> /etc/ssl", "/usr/sbin/update-ca-certificates"),
    Habit(EVERY_ROLE, 0.35, EVENING, "/etc/hosts", "ben", "vim -> /etc", "/usr/bin/vim.basic",
          category="suspicious", rule="outside-working-hours", weekend=0.4),
    Habit(EVERY_ROLE, 0.2, EVENING, "/tmp/{x}.sh", "anna",  # noqa: S108
          "bash -> /tmp", "/usr/bin/bash",
          action="created", category="suspicious", rule="outside-working-hours", weekend=0.1,
          mode="0755"),
    Habit(EVERY_ROLE, 0.15, EVENING, "/opt/scripts/{x}.py", "root", "vim -> /opt/scripts",
          "/usr/bin/bash", action="created", category="suspicious", rule="outside-working-hours",
          weekend=0.2),
)
# fmt: on


def hosts_of(role: str) -> list[str]:
    """Return the hosts of a role; of all, where it is EVERY_ROLE."""
    return [host for host, has in HOSTS.items() if role in (EVERY_ROLE, has)]


def habits_of(host: str) -> Iterator[Habit]:
    return (habit for habit in HABITS if habit.role in (EVERY_ROLE, HOSTS[host]))


@dataclass(frozen=True, slots=True)
class Package:
    """A package that the fleet installs new versions of: when, where, and the files it brings."""

    name: str
    role: str
    files: tuple[str, ...]
    version_before: str
    # Days ago, hour and minute, and the version that came.
    versions: tuple[tuple[int, str, str], ...]


def _files(folder: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{folder}/{name}" for name in names)


SHOP_FILES = (
    *_files("/var/www/shop/public", "index.php", "app.js", "app.css", "robots.txt", "sw.js"),
    *(f"/var/www/shop/src/{area}/{name}.php"
      for area in ("Cart", "Catalog", "Checkout", "Account", "Search")
      for name in ("Controller", "Model", "Form", "Routes", "View")),
    *(f"/var/www/shop/templates/{name}.html.twig"
      for name in ("base", "cart", "home", "item", "list", "login", "mail", "order")),
    *_files("/var/www/shop/vendor/composer", "autoload_classmap.php", "installed.json"),
)  # fmt: skip

PACKAGES = (
    Package("shop", "web", SHOP_FILES, "4.17.2", (
        (87, "10:42", "4.18.0"), (83, "15:08", "4.18.1"), (80, "10:31", "4.19.0"),
        (76, "11:12", "4.19.1"), (73, "10:27", "4.20.0"), (69, "14:55", "4.20.1"),
        (66, "10:36", "4.21.0"), (62, "16:20", "4.21.1"), (59, "10:33", "4.22.0"),
        (55, "11:01", "4.22.1"), (52, "10:40", "4.23.0"), (48, "10:52", "4.23.1"),
        (45, "10:29", "4.24.0"), (41, "15:44", "4.24.1"), (38, "10:35", "4.25.0"),
        (34, "10:50", "4.25.1"), (31, "10:38", "4.26.0"), (27, "14:12", "4.26.1"),
        (24, "10:30", "4.27.0"), (20, "11:25", "4.27.1"), (17, "10:41", "4.28.0"),
        (13, "15:17", "4.28.1"), (10, "10:34", "4.29.0"), (6, "10:46", "4.29.1"),
        (3, "10:32", "4.30.0"), (0, "10:37", "4.30.1"),
    )),
    Package("openssl", EVERY_ROLE,
            ("/usr/bin/openssl", *_files("/usr/lib/x86_64-linux-gnu", "libssl.so.3",
                                         "libcrypto.so.3", "ossl-modules/legacy.so")),
            "3.0.16-1~deb12u1",
            ((71, "06:14", "3.0.17-1~deb12u1"), (29, "06:21", "3.0.17-1~deb12u2"))),
    Package("openssh-server", EVERY_ROLE,
            ("/usr/sbin/sshd", "/usr/lib/openssh/sftp-server", "/usr/share/doc/openssh-server/"
             "changelog.Debian.gz", "/lib/systemd/system/ssh.service"), "1:9.2p1-2+deb12u5",
            ((58, "06:09", "1:9.2p1-2+deb12u6"), (15, "06:17", "1:9.2p1-2+deb12u7"))),
    Package("nginx", "web", ("/usr/sbin/nginx", "/usr/share/nginx/html/index.html",
                             "/usr/lib/nginx/modules/ngx_stream_module.so"), "1.22.1-9+deb12u1",
            ((64, "06:11", "1.22.1-9+deb12u2"), (22, "06:24", "1.22.1-9+deb12u3"))),
    Package("postgresql-15", "db",
            _files("/usr/lib/postgresql/15/bin", "postgres", "pg_dump", "psql", "initdb", "pg_ctl"),
            "15.13-0+deb12u1",
            ((50, "06:31", "15.14-0+deb12u1"), (8, "06:33", "15.15-0+deb12u1"))),
    Package("sudo", EVERY_ROLE, ("/usr/bin/sudo", "/usr/bin/sudoreplay", "/usr/sbin/visudo"),
            "1.9.13p3-1+deb12u1",
            ((43, "06:19", "1.9.13p3-1+deb12u2"), (2, "06:12", "1.9.13p3-1+deb12u3"))),
)  # fmt: skip
