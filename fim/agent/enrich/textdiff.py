"""What changed inside small text files under chosen paths."""

import hashlib
import logging
import os
import secrets
import sqlite3
import zlib
from dataclasses import dataclass
from threading import Event
from typing import Any

from fim.agent.changes.content import opened, read_at_most
from fim.agent.changes.difference import Difference
from fim.agent.config.patterns import Patterns
from fim.agent.config.sections import DiffSettings
from fim.agent.enrich.masking import Masker
from fim.agent.enrich.unified import unified_diff
from fim.agent.state.database import State

logger = logging.getLogger(__name__)

KEY_NAME = "text_key"
KEY_BYTES = 32
# A file with this byte is no text, as `file` and `grep` decide, too.
BINARY_MARK = b"\0"
LEARN_BATCH = 100
SCHEMA = """
CREATE TABLE IF NOT EXISTS texts (path BLOB PRIMARY KEY, text BLOB) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Text:
    """A file's text, masked already; or why there is none. `sha256` is of the file's bytes."""

    text: str = ""
    why_none: str = ""
    sha256: str = ""


class TextDiffs:
    """Put a diff against the text that was last reported into `attributes.diff`.

    Where there is none, `attributes.diff_note` says why. Texts are kept masked and compressed, in
    the transaction that keeps their file's baseline.
    """

    def __init__(self, settings: DiffSettings, state: State) -> None:
        self._settings = settings
        self._chosen = Patterns(settings.paths)
        self._secret = Patterns(settings.masked_paths)
        self._state = state
        self._new_texts: dict[str, str | None] = {}
        self._stored: set[str] = set()
        if self._chosen:
            state.connection().executescript(SCHEMA)
            self._masker = Masker(_key_of(state))

    def enrich(self, log: dict[str, Any], difference: Difference) -> None:
        self._forget_stored()
        if difference.action == "attributes" or not self._is_about_text(difference):
            return
        attributes = log.setdefault("attributes", {})
        before = self._kept(difference.path_from or difference.path)
        after = self._text_now(difference)
        if difference.after and after.sha256 != difference.after.sha256 and not after.why_none:
            # The next log's diff then holds this change and that one.
            attributes["diff_note"] = "the file changed again; the next diff holds this change too"
            return
        self._new_texts[difference.path] = None if after.why_none else after.text
        if note := self._why_no_diff(difference, before, after):
            attributes["diff_note"] = note
        elif diff := unified_diff(before or "", after.text):
            attributes["diff"] = diff

    def keep(self, connection: sqlite3.Connection, difference: Difference) -> None:
        """Keep the text that `enrich` read, in the transaction that changes the baseline.

        May be called again where that transaction failed.
        """
        if not self._chosen:
            return
        if difference.is_directory:
            _keep_directory(connection, difference)
            return
        if difference.path_from:
            _delete(connection, difference.path_from)
        if difference.path in self._new_texts:
            text = self._new_texts[difference.path]
            self._stored.add(difference.path)
            if difference.after is None or text is None:
                _delete(connection, difference.path)
            else:
                _put(connection, difference.path, text)

    def learn(self, stop: Event) -> int:
        """Keep the texts of the baseline's chosen files that have none yet; return their count.

        Runs in a thread of its own, whose connection it closes. A file that is no longer what the
        baseline says is left to its own log.
        """
        if not self._chosen:
            return 0
        try:
            return self._learn(stop)
        except (OSError, sqlite3.Error) as exc:
            logger.warning("Texts cannot be kept (%s); first changes will have no diff.", exc)
            return 0
        finally:
            self._state.close()

    def _learn(self, stop: Event) -> int:
        found: list[tuple[str, str]] = []
        count = 0
        for path, sha256 in self._unlearned():
            text = self._text_of(path)
            if not text.why_none and text.sha256 == sha256:
                found.append((path, text.text))
            if len(found) == LEARN_BATCH:
                count += self._put_learned(found)
                found = []
            if stop.is_set():
                break
        return count + self._put_learned(found)

    def _forget_stored(self) -> None:
        """Forget the texts that `keep` stored: the next log comes after they were committed."""
        for path in self._stored:
            self._new_texts.pop(path, None)
        self._stored.clear()

    def _unlearned(self) -> list[tuple[str, str]]:
        rows = self._state.connection().execute(
            "SELECT directory, name, lower(hex(sha256)) FROM baseline"
            " WHERE length(sha256) = 32 AND size_bytes <= ?",
            (self._settings.max_bytes,),
        )
        chosen = ((_joined(directory, name), sha256) for directory, name, sha256 in rows)
        return [
            (path, sha256)
            for path, sha256 in chosen
            if self._chosen.match(path) and self._kept(path) is None
        ]

    def _put_learned(self, found: list[tuple[str, str]]) -> int:
        with self._state.writing() as connection:
            for path, text in found:
                # A log of the same file may have kept a newer one meanwhile.
                if _get(connection, path) is None:
                    _put(connection, path, text)
        return len(found)

    def _is_about_text(self, difference: Difference) -> bool:
        facts = difference.after or difference.before
        is_file = facts is not None and facts.kind == "file"
        return is_file and bool(self._chosen) and bool(self._chosen.match(difference.path))

    def _why_no_diff(self, difference: Difference, before: str | None, after: Text) -> str:
        if difference.after is not None and after.why_none:
            return after.why_none
        is_new = difference.before is None
        return "" if before is not None or is_new else "no earlier text is kept"

    def _text_now(self, difference: Difference) -> Text:
        if difference.after is None:
            return Text()
        return self._text_of(difference.place, named=difference.path)

    def _text_of(self, place: str | None, *, named: str = "") -> Text:
        """Read and mask a text. No text that is not masked leaves this function."""
        most = self._settings.max_bytes
        try:
            with opened(place) as descriptor:
                if descriptor is None:
                    return Text(why_none="cannot be read any more")
                content = read_at_most(descriptor, most + 1)
        except OSError:
            return Text(why_none="cannot be read")
        if len(content) > most:
            return Text(why_none=f"larger than {most} bytes")
        if BINARY_MARK in content:
            return Text(why_none="no text: it holds NUL bytes")
        path = named or place or ""
        is_secret = bool(self._secret.match(path))
        raw = content.decode("utf-8", "backslashreplace")
        masked = self._masker.masked(raw, path=path, is_secret=is_secret)
        return Text(text=masked, sha256=hashlib.sha256(content).hexdigest())

    def _kept(self, path: str) -> str | None:
        if path in self._new_texts:
            return self._new_texts[path]
        return _get(self._state.connection(), path)


def _key_of(state: State) -> bytes:
    key = state.get(KEY_NAME)
    if not isinstance(key, bytes):
        key = secrets.token_bytes(KEY_BYTES)
        state.set(KEY_NAME, key)
    return key


def _keep_directory(connection: sqlite3.Connection, difference: Difference) -> None:
    """Rename the texts below a directory that was moved; delete those below one that is gone."""
    old = os.fsencode(difference.path_from or difference.path) + b"/"
    span = (old, old[:-1] + b"0")
    if difference.path_from:
        new = os.fsencode(difference.path) + b"/"
        connection.execute(
            "UPDATE OR REPLACE texts SET path = CAST(? || substr(path, ?) AS BLOB)"
            " WHERE path > ? AND path < ?",
            (new, len(old) + 1, *span),
        )
    elif difference.after is None:
        connection.execute("DELETE FROM texts WHERE path > ? AND path < ?", span)


def _get(connection: sqlite3.Connection, path: str) -> str | None:
    found = connection.execute("SELECT text FROM texts WHERE path = ?", (os.fsencode(path),))
    row = found.fetchone()
    return zlib.decompress(row[0]).decode("utf-8") if row else None


def _put(connection: sqlite3.Connection, path: str, text: str) -> None:
    packed = zlib.compress(text.encode("utf-8"))
    connection.execute("INSERT OR REPLACE INTO texts VALUES (?, ?)", (os.fsencode(path), packed))


def _delete(connection: sqlite3.Connection, path: str) -> None:
    connection.execute("DELETE FROM texts WHERE path = ?", (os.fsencode(path),))


def _joined(directory: bytes, name: bytes) -> str:
    return os.fsdecode(os.path.join(directory, name))
