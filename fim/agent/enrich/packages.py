"""Changes that dpkg's or rpm's records explain, checked against the content."""

import hashlib
import logging
import os
import sqlite3
import threading
import time
from typing import Any

from fim.agent.changes.content import opened
from fim.agent.changes.difference import Difference
from fim.agent.changes.facts import Facts
from fim.agent.enrich.dpkg import SCHEMA, Dpkg, keep_lists
from fim.agent.enrich.operations import Operation
from fim.agent.enrich.rpm import Rpm
from fim.agent.state.database import State

logger = logging.getLogger(__name__)

# Hashing once more what is larger costs more than the explanation is worth.
MAX_HASHED_BYTES = 128 * 1024 * 1024
CHUNK_BYTES = 1024 * 1024
# How long dpkg has to finish before its lists are kept.
QUIET_SECONDS = 10.0
# What dpkg names the new and the old file while it replaces one by the other.
TEMPORARY = {".dpkg-new", ".dpkg-tmp"}
# How long after the agent's start the lists are kept: other work is more urgent.
START_SECONDS = 5.0
# By the length of their hexadecimal digits: what rpm's packages were built with.
ALGORITHMS = {32: "md5", 40: "sha1", 64: "sha256", 96: "sha384", 128: "sha512"}


class Packages:
    """Put the package that changed a file into `attributes.explained_by`.

    Only where the package manager was at work on that package at the moment of the change, the
    package names the path, and the content is the package's own where it has a digest of it. All
    else stays unexplained: a false explanation is worse than none.
    """

    def __init__(self, state: State, root: str = "/") -> None:
        self._state = state
        self._dpkg = Dpkg(root)
        self._rpm = Rpm(root)
        self._remembering: threading.Timer | None = None
        self._timer: threading.Timer | None = None
        state.connection().execute(SCHEMA)
        # What is installed now is what there was before the first change.
        if self._dpkg.is_there:
            self._remember_soon(START_SECONDS)
        if self._rpm.is_there:
            self._rpm.operations_at(time.time())

    def enrich(self, log: dict[str, Any], difference: Difference) -> None:
        if operation := self._operation_behind(difference):
            explanation = operation.as_explanation()
            log.setdefault("attributes", {})["explained_by"] = explanation

    def remember(self) -> None:
        """Keep the lists of dpkg's packages as they are now."""
        self._remembering = None
        try:
            self._keep_lists()
        except (OSError, sqlite3.Error) as exc:
            logger.warning("The packages' lists cannot be kept (%s); some logs say less.", exc)
        finally:
            self._state.close()

    def close(self) -> None:
        """End without another look at the lists; wait for one that is under way."""
        if self._timer:
            self._timer.cancel()
            self._timer.join()

    def _operation_behind(self, difference: Difference) -> Operation | None:
        moment = _changed_at(difference)
        if self._dpkg.is_there:
            for operation in self._dpkg.operations_at(moment):
                self._remember_soon(QUIET_SECONDS)
                if self._is_of_dpkg(difference, operation):
                    return operation
        if self._rpm.is_there:
            for operation in self._rpm.operations_at(moment):
                if self._is_of_rpm(difference, operation):
                    return operation
        return None

    def _is_of_dpkg(self, difference: Difference, operation: Operation) -> bool:
        path, after = difference.path, difference.after
        if after is None:
            return self._is_dpkgs_own(path, operation) or self._dpkg.was_in(
                self._state.connection(), path, operation
            )
        if not operation.version:
            return False
        if after.kind != "file":
            return self._dpkg.is_in(path, operation)
        md5 = self._dpkg.md5_of(path, operation)
        if md5:
            return _has_digest(difference.place, after, "md5", md5)
        return self._dpkg.is_in(path, operation)

    def _is_dpkgs_own(self, path: str, operation: Operation) -> bool:
        """Return whether a file that is gone was dpkg's temporary one for a file of the package."""
        target, dot, suffix = path.rpartition(".")
        return f"{dot}{suffix}" in TEMPORARY and self._dpkg.is_in(target, operation)

    def _is_of_rpm(self, difference: Difference, operation: Operation) -> bool:
        digest = self._rpm.digest_of(difference.path, operation)
        after = difference.after
        if digest is None or after is None:
            return False
        if after.kind != "file" or not digest:
            return True
        algorithm = ALGORITHMS.get(len(digest), "")
        return bool(algorithm) and _has_digest(difference.place, after, algorithm, digest)

    def _keep_lists(self) -> None:
        rows = self._dpkg.changed_lists(self._state.connection())
        with self._state.writing() as connection:
            keep_lists(connection, rows)

    def _remember_soon(self, seconds: float) -> None:
        if self._remembering is None:
            self._remembering = self._timer = threading.Timer(seconds, self.remember)
            self._remembering.daemon = True
            self._remembering.start()


def _changed_at(difference: Difference) -> float:
    """Return the time of the change; of a file that a scan found, its ctime."""
    if not difference.from_scan:
        return difference.last_at
    return difference.after.ctime_ns / 1e9 if difference.after else difference.first_at


def _has_digest(place: str | None, facts: Facts, algorithm: str, digest: str) -> bool:
    """Return whether the content that the log is about has this digest."""
    if not facts.sha256 or (facts.size_bytes or 0) > MAX_HASHED_BYTES:
        return False
    if algorithm == "sha256":
        return facts.sha256 == digest
    hashes = hashlib.sha256(), hashlib.new(algorithm, usedforsecurity=False)
    try:
        with opened(place) as descriptor:
            if descriptor is None:
                return False
            _feed(hashes, descriptor)
    except OSError:
        return False
    return [each.hexdigest() for each in hashes] == [facts.sha256, digest]


def _feed(hashes: tuple[Any, ...], descriptor: int) -> None:
    offset = 0
    while offset <= MAX_HASHED_BYTES:
        chunk = os.pread(descriptor, CHUNK_BYTES, offset)
        if not chunk:
            return
        offset += len(chunk)
        for each in hashes:
            each.update(chunk)
