"""YARA rules over the content of changed files, in a process of its own."""

import json
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fim.agent.changes.content import opened
from fim.agent.config.sections import YaraSettings
from fim.agent.config.values import STARTER_RULES

logger = logging.getLogger(__name__)

CHILD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "yara_child.py")
STARTER_FILE = os.path.join(os.path.dirname(os.path.dirname(CHILD)), "rules", "starter.yar")
RULE_SUFFIXES = (".yar", ".yara")
COMPILE_SECONDS = 120
# Files made to keep scans busy must not keep the agent from the others. After so many timeouts in a
# minute only the beginnings and ends of files are scanned, after twice as many none.
MAX_TIMEOUTS, TIMEOUTS_SECONDS = 5, 60.0
HURRIED_BYTES = 64 * 1024
# What the child may take beyond its scan's timeout: its start, and reading the file.
SPARE_SECONDS = 5
MAX_ANSWER_BYTES = 256 * 1024


class RulesError(ValueError):
    """Rules that do not compile; the text has a line for each thing that is wrong."""


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What a scan found. `problem` says why there is no answer: timeout, skipped, unread or
    failed.
    """

    rules: tuple[str, ...] = ()
    problem: str = ""
    note: str = ""


class Yara:
    """Scan files by rules that were compiled once. One caller at a time.

    The scanning process is started by the first scan, and again after it ended for idleness or
    was killed for taking too long.
    """

    def __init__(self, settings: YaraSettings) -> None:
        """Compile the rules. Raises RulesError, which names file and line."""
        self._settings = settings
        self._compiled = compile_rules(settings.rules)
        self._child: subprocess.Popen | None = None
        self._requests: socket.socket | None = None
        self._timeouts: deque[float] = deque(maxlen=2 * MAX_TIMEOUTS)

    def scan(self, path: str) -> ScanResult:
        """Scan what is at the path now; a file that is gone or no regular file finds nothing."""
        timeout_count = self._recent_timeouts()
        if timeout_count >= 2 * MAX_TIMEOUTS:
            return ScanResult(problem="skipped")
        with opened(path) as descriptor:
            if descriptor is None:
                return ScanResult(problem="unread")
            request = self._request_for(path, is_hurried=timeout_count >= MAX_TIMEOUTS)
            answer = self._ask(request, descriptor)
            # The child ends itself when idle, perhaps just now.
            answer = self._ask(request, descriptor) if answer is None else answer
        result = _result_of(answer or {"problem": "failed"})
        if result.problem == "timeout":
            self._timeouts.append(time.monotonic())
        return result

    def close(self) -> None:
        if self._requests:
            self._requests.close()
            self._requests = None
        if self._child:
            self._child.kill()
            self._child.wait()
            self._child = None

    def _recent_timeouts(self) -> int:
        began_at = time.monotonic() - TIMEOUTS_SECONDS
        return sum(at > began_at for at in self._timeouts)

    def _request_for(self, path: str, *, is_hurried: bool) -> bytes:
        most = self._settings.max_bytes
        name = os.fsencode(path).decode("utf-8", "replace")
        request = {
            "max_bytes": min(most, HURRIED_BYTES) if is_hurried else most,
            "filepath": name,
            "filename": os.path.basename(name),
            "extension": os.path.splitext(name)[1],
        }
        return json.dumps(request).encode()

    def _ask(self, request: bytes, descriptor: int) -> dict[str, Any] | None:
        """Return the child's answer; None where there was no child any more."""
        try:
            requests = self._requests or self._start_child()
            socket.send_fds(requests, [request], [descriptor])
            answer = requests.recv(MAX_ANSWER_BYTES)
        except TimeoutError:
            self.close()
            return {"problem": "timeout"}
        except OSError:
            answer = b""
        if not answer:
            self.close()
            return None
        return json.loads(answer)

    def _start_child(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(self._settings.timeout_seconds + SPARE_SECONDS)
        numbers = [theirs.fileno(), self._compiled]
        with theirs:
            self._child = _child("serve", *numbers, self._settings.timeout_seconds, keep=numbers)
        # An idle child ends by itself; without a wait it would stay a zombie.
        threading.Thread(target=self._child.wait, name="yara-child", daemon=True).start()
        self._requests = ours
        return ours


def compile_rules(rules: Iterable[str]) -> int:
    """Compile files and directories of rules into an anonymous file; return its descriptor."""
    paths = rule_files(rules)
    out = os.memfd_create("yara-rules")
    try:
        with _child("compile", out, *paths, keep=[out], stdout=subprocess.PIPE) as child:
            try:
                found, _ = child.communicate(timeout=COMPILE_SECONDS)
            finally:
                child.kill()
    except (OSError, subprocess.TimeoutExpired) as exc:
        os.close(out)
        raise RulesError(f"The rules cannot be compiled: {exc}.") from exc
    if child.returncode != 0:
        os.close(out)
        raise RulesError(f"The rules cannot be compiled: yara_child ended with {child.returncode}.")
    if errors := json.loads(found):
        os.close(out)
        raise RulesError("\n".join(f"{e['path']} line {e['line']}: {e['reason']}." for e in errors))
    return out


def check_rules(rules: Iterable[str]) -> None:
    """Compile the rules and discard the result. Raises RulesError."""
    os.close(compile_rules(rules))


def rule_files(rules: Iterable[str]) -> list[str]:
    """Return the files: of a directory those called .yar or .yara, at any depth, in order."""
    files: list[str] = []
    for path in rules:
        if path == STARTER_RULES:
            files.append(STARTER_FILE)
        elif os.path.isdir(path):
            files += sorted(
                os.path.join(place, name)
                for place, _, names in os.walk(path)
                for name in names
                if name.endswith(RULE_SUFFIXES)
            )
        else:
            files.append(path)
    return files


def _child(mode: str, *arguments: Any, keep: list[int], **options: Any) -> subprocess.Popen:
    # -I: neither the environment nor the user's packages change what runs.
    command = [sys.executable, "-I", CHILD, mode, *(str(argument) for argument in arguments)]
    # In a group of its own: Ctrl-C is for the agent, which still has files to scan.
    return subprocess.Popen(command, pass_fds=keep, process_group=0, **options)  # noqa: S603


def _result_of(answer: dict[str, Any]) -> ScanResult:
    if problem := answer.get("problem"):
        return ScanResult(problem=problem)
    scanned, size = answer["scanned_bytes"], answer["size_bytes"]
    note = "" if scanned >= size else f"first and last {scanned // 2} of {size} bytes"
    return ScanResult(rules=tuple(answer["rules"]), note=note)
