"""Checks of what the agent needs: each says what it found and what to do."""

import os
import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

from fim.agent.config.file import Config
from fim.agent.enrich.yara import RulesError, check_rules, rule_files
from fim.agent.kernel import audit
from fim.agent.node.client import Node
from fim.agent.watch.scope import Scope

OK, WARN, FAIL = "ok", "warn", "fail"
# Counting the directories of a host is to take no longer than a person waits.
MAX_DIRECTORIES, COUNT_SECONDS = 1_000_000, 20.0
LIMITS = "/proc/sys/fs/inotify"
# The kernel's default. A burst beyond the queue costs a scan of everything.
GOOD_QUEUE = 16_384
# One inotify descriptor, the state, the node, files that are being read, and some more.
MIN_OPEN_FILES = 256
CAP_DAC_READ_SEARCH, CAP_SYS_ADMIN = 2, 21


@dataclass(frozen=True, slots=True)
class Check:
    result: str
    name: str
    detail: str
    advice: str = ""


def checks(config: Config) -> Iterator[Check]:
    """Yield one check after the other; nothing is changed, and no log is posted."""
    for warning in config.warnings:
        yield Check(WARN, "configuration", warning)
    if not config.warnings:
        yield Check(OK, "configuration", "every key is valid")
    yield _state(config)
    yield _rights()
    for root in config.roots:
        yield _root(root)
    yield from _limits(config)
    yield _who(config.who.method, config.who.audit_log)
    yield _rules(config)
    yield _node(config)


def _state(config: Config) -> Check:
    name, directory = "state", config.state_dir
    place = directory
    while not os.path.lexists(place):
        place = os.path.dirname(place)
    if not os.path.isdir(place) or not os.access(place, os.W_OK | os.X_OK):
        return Check(FAIL, name, f"{directory} cannot be written by this user", f"own {place}")
    free = os.statvfs(place)
    if free.f_bavail * free.f_frsize < config.spool.max_bytes:
        advice = "free space there or lower spool.max_bytes"
        return Check(WARN, name, f"{directory} has less space than the spool may take", advice)
    if place == directory and os.stat(directory).st_mode & 0o077:
        return Check(WARN, name, f"others may look into {directory}", f"run chmod 700 {directory}")
    return Check(OK, name, f"{directory} can be written")


def _rights() -> Check:
    if os.geteuid() == 0 or _has_capability(CAP_DAC_READ_SEARCH):
        return Check(OK, "rights", "every file can be read")
    return Check(
        WARN,
        "rights",
        "files that this user may not read get no hash and no scan",
        "run as root or with CAP_DAC_READ_SEARCH",
    )


def _root(root: str) -> Check:
    name = f"watch {root}"
    if not os.path.isdir(root):
        return Check(WARN, name, "is no directory now", "mount or make it, or take it out")
    if not os.access(root, os.R_OK | os.X_OK):
        return Check(FAIL, name, "may not be read by this user", "run as a user who may read it")
    return Check(OK, name, "can be read")


def _limits(config: Config) -> Iterator[Check]:
    count, is_all = _directory_count(config)
    counted = f"{count:,} directories" if is_all else f"more than {count:,} directories"
    for name, least, advice in (
        ("max_user_watches", 2 * count, f"run sysctl fs.inotify.max_user_watches={4 * count}"),
        ("max_queued_events", GOOD_QUEUE, f"run sysctl fs.inotify.max_queued_events={GOOD_QUEUE}"),
        ("max_user_instances", 16, "run sysctl fs.inotify.max_user_instances=128"),
    ):
        yield _limit(name, least, advice, counted, count)
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= files < MIN_OPEN_FILES:
        yield Check(WARN, "open files", f"the limit is {files}", f"raise it to {MIN_OPEN_FILES}")
    else:
        yield Check(OK, "open files", f"the limit is {files:,}")


def _limit(name: str, least: int, advice: str, counted: str, count: int) -> Check:
    title = f"inotify {name}"
    try:
        with open(f"{LIMITS}/{name}", encoding="ascii") as file:
            limit = int(file.read())
    except (OSError, ValueError):
        return Check(WARN, title, "cannot be read", "is this Linux, with /proc?")
    detail = f"{limit:,}"
    if name == "max_user_watches":
        detail = f"{limit:,} for {counted}"
        if limit < count:
            return Check(FAIL, title, f"{detail}: some would only be scanned", advice)
    if limit < least:
        return Check(WARN, title, f"{detail} is little", advice)
    return Check(OK, title, detail)


def _directory_count(config: Config) -> tuple[int, bool]:
    """Count what needs a watch each, as far as there is time."""
    scope = Scope(config.roots, ignore=config.ignore, hidden=[config.state_dir])
    ends_at = time.monotonic() + COUNT_SECONDS
    count = 0
    for root in scope.roots:
        for place, names, _ in os.walk(root):
            count += 1
            names[:] = [
                name
                for name in names
                if scope.includes(os.path.join(place, name), is_directory=True)
            ]
            if count >= MAX_DIRECTORIES or time.monotonic() > ends_at:
                return count, False
    return count, True


def _who(method: str, audit_log: str) -> Check:
    name = "who"
    if method == "none":
        return Check(OK, name, "is not asked, as who.method says")
    if method != "audit" and _has_capability(CAP_SYS_ADMIN):
        return Check(OK, name, "fanotify tells who changed a file")
    log = audit_log or audit.log_path()
    if method != "fanotify" and os.access(log, os.R_OK):
        return Check(OK, name, f"{log} tells who changed a file, where auditd watches it")
    advice = "give CAP_SYS_ADMIN, or run auditd with a watch, or set who.method to none"
    return Check(WARN, name, "logs will not say who changed a file", advice)


def _rules(config: Config) -> Check:
    if not config.yara.rules:
        return Check(OK, "rules", "no file is scanned, as yara.rules says")
    try:
        check_rules(config.yara.rules)
    except RulesError as exc:
        return Check(FAIL, "rules", str(exc).replace("\n", " "), "mend the rules")
    count = len(rule_files(config.yara.rules))
    if not count:
        return Check(WARN, "rules", "yara.rules names no file that ends in .yar or .yara")
    return Check(OK, "rules", f"{count} {'file' if count == 1 else 'files'} of YARA rules compile")


def _node(config: Config) -> Check:
    """Post an empty body: 400 says that the agent may post, 401 or 403 that it may not."""
    settings = config.node
    name = f"node {settings.url}"
    node = Node(settings.url, key=settings.key, timeout_seconds=settings.timeout_seconds)
    answer = node.post(b"")
    node.close()
    said = f"answers {answer.status}, {answer.detail}"
    if answer.status == 0:
        return Check(
            FAIL, name, f"does not answer: {answer.detail}", "is it running, is node.url right?"
        )
    if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        advice = "give a key of that node in node.key_file, or add this network there"
        return Check(FAIL, name, f"does not take logs of this agent: it {said}", advice)
    if answer.status == HTTPStatus.BAD_REQUEST and answer.document.get("code"):
        how = "with this key" if settings.key else "without a key"
        return Check(OK, name, f"takes logs {how}")
    if answer.status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        return Check(WARN, name, said, "try again; logs wait in the spool meanwhile")
    return Check(FAIL, name, f"is no node: it {said}", "is node.url right?")


def _has_capability(number: int) -> bool:
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as file:
            effective = next(line for line in file if line.startswith("CapEff:"))
    except (OSError, StopIteration):
        return False
    return bool(int(effective.split()[1], 16) >> number & 1)
