"""How bad a change looks: by name, place, content, rights and time."""

import os.path
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from fim.agent.changes.difference import Difference
from fim.agent.changes.facts import Facts
from fim.agent.config.patterns import Patterns
from fim.agent.config.sections import JudgeSettings
from fim.agent.config.working_hours import is_working_time
from fim.agent.enrich.yara import Yara

# From bad to worse.
CATEGORIES = ("normal", "suspicious", "danger", "malware")
# A node accepts no longer rule.
MAX_RULE_CHARACTERS = 255
SCANNED_ACTIONS = {"created", "modified", "moved"}
# A file may be made so that it is not scanned.
UNSCANNED = {
    "timeout": ("yara-timeout", "no rule came to an end in time"),
    "skipped": ("yara-skipped", "other files kept the scans busy"),
}
SETUID, SETGID, GROUP_EXECUTE = 0o4000, 0o2000, 0o0010
CAPABILITY = "security.capability="
SCRIPTS = ("php", "php[3-8]", "phtml", "phar", "asp", "aspx", "jsp", "jspx")
WEB_SHELL_STEMS = (
    "*shell*",
    "c99*",
    "r57*",
    "b374k*",
    "wso",
    "wso[-_.0-9]*",
    "alfa",
    "alfa[-_.0-9]*",
    "indoxploit*",
    "p0wny*",
    "weevely*",
    "china*chopper*",
)
WEB_SHELL_NAMES = tuple(f"{stem}.{script}" for stem in WEB_SHELL_STEMS for script in SCRIPTS)


@dataclass(frozen=True, slots=True)
class Finding:
    category: str
    rule: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.rule}: {self.detail}" if self.detail else self.rule


class Judge:
    """Set the category and rule; all that was found stands in `attributes.findings`.

    A path that an allow pattern matches stays normal whatever else holds, and is not scanned; of a
    move both paths must be allowed. `allowed_count` counts them.
    """

    def __init__(
        self, settings: JudgeSettings, *, allow: Iterable[str] = (), yara: Yara | None = None
    ) -> None:
        self._settings = settings
        self._critical = Patterns(settings.critical_paths)
        self._extensions = tuple(f".{name}" for name in settings.critical_extensions)
        self._zone = settings.zone
        self._allowed = Patterns(allow)
        self._yara = yara
        self.allowed_count = 0

    def enrich(self, log: dict[str, Any], difference: Difference) -> None:
        attributes = log.setdefault("attributes", {})
        if pattern := self._allowing_pattern(difference):
            self.allowed_count += 1
            log["category"] = "normal"
            attributes["allowed_by"] = pattern
            return
        findings = [*self._findings(difference, attributes)]
        log["category"] = max(
            (finding.category for finding in findings), key=CATEGORIES.index, default="normal"
        )
        if findings:
            log["rule"] = _rule_of(findings, log["category"])
            attributes["findings"] = [str(finding) for finding in findings]

    def close(self) -> None:
        if self._yara:
            self._yara.close()

    def _allowing_pattern(self, difference: Difference) -> str:
        matches = [
            self._allowed.match(path, is_directory=difference.is_directory)
            for path in _paths_of(difference)
        ]
        return matches[0] if all(matches) else ""

    def _findings(self, difference: Difference, attributes: dict[str, Any]) -> Iterator[Finding]:
        yield from self._content_findings(difference, attributes)
        if not difference.is_directory:
            yield from _name_findings(difference)
        yield from _right_findings(difference.before, difference.after)
        yield from self._place_findings(difference)
        yield from self._time_findings(difference)

    def _content_findings(
        self, difference: Difference, attributes: dict[str, Any]
    ) -> Iterator[Finding]:
        after = difference.after
        is_scanned = difference.action in SCANNED_ACTIONS and after and after.size_bytes
        if not self._yara or not is_scanned or not difference.place:
            return
        scan = self._yara.scan(difference.place)
        if said := scan.problem or scan.note:
            attributes["yara"] = said
        for rule in scan.rules:
            yield Finding("malware", rule)
        if scan.problem in UNSCANNED:
            yield Finding("suspicious", *UNSCANNED[scan.problem])

    def _place_findings(self, difference: Difference) -> Iterator[Finding]:
        for path in _paths_of(difference):
            if pattern := self._critical.match(path, is_directory=difference.is_directory):
                yield Finding("danger", "critical-path", pattern)
                break
        for path in _paths_of(difference):
            name = os.path.basename(path).lower()
            if name.endswith(self._extensions) and not difference.is_directory:
                yield Finding("danger", "critical-extension", os.path.splitext(name)[1])
                break

    def _time_findings(self, difference: Difference) -> Iterator[Finding]:
        moment = _changed_at(difference)
        shifts = self._settings.working_hours
        if shifts and moment and not is_working_time(shifts, moment, self._zone):
            yield Finding("suspicious", "outside-working-hours")


def has_web_shell_name(path: str) -> bool:
    """Return whether the file's name, in upper or lower case, is one that web shells have."""
    name = os.path.basename(path).lower()
    return any(fnmatchcase(name, pattern) for pattern in WEB_SHELL_NAMES)


def _name_findings(difference: Difference) -> Iterator[Finding]:
    if any(has_web_shell_name(path) for path in _paths_of(difference)):
        yield Finding("malware", "web-shell-name")


def _right_findings(before: Facts | None, after: Facts | None) -> Iterator[Finding]:
    if not after or after.kind != "file":
        return
    if _runs_as_owner(after) and not _runs_as_owner(before):
        yield Finding("danger", "setuid-gained", f"mode {after.mode}, owner {after.owner}")
    if _runs_as_group(after) and not _runs_as_group(before):
        yield Finding("danger", "setgid-gained", f"mode {after.mode}, group {after.group}")
    if (now := _capability(after)) and now != _capability(before):
        yield Finding("danger", "capability-gained")


def _runs_as_owner(facts: Facts | None) -> bool:
    return bool(facts and facts.mode and int(facts.mode, 8) & SETUID)


def _runs_as_group(facts: Facts | None) -> bool:
    """Return whether it runs as its group. Without the group's x, the bit means mandatory locks."""
    mode = int(facts.mode, 8) if facts and facts.mode else 0
    return bool(mode & SETGID and mode & GROUP_EXECUTE)


def _capability(facts: Facts | None) -> str:
    xattrs = facts.xattrs.split() if facts else []
    return next((xattr for xattr in xattrs if xattr.startswith(CAPABILITY)), "")


def _changed_at(difference: Difference) -> float:
    """Return when the change was made; 0 where a scan found that something is gone.

    A scan comes later than the change, so the file's ctime counts, which no program can set to a
    time of its choice.
    """
    if not difference.from_scan:
        return difference.last_at
    return difference.after.ctime_ns / 1e9 if difference.after else 0.0


def _paths_of(difference: Difference) -> list[str]:
    return [path for path in (difference.path, difference.path_from) if path]


def _rule_of(findings: Iterable[Finding], category: str) -> str:
    rules = dict.fromkeys(each.rule for each in findings if each.category == category)
    text = ", ".join(rules)
    return text if len(text) <= MAX_RULE_CHARACTERS else f"{text[: MAX_RULE_CHARACTERS - 3]}..."
