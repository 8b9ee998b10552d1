"""Store the records of files, in batches, as if they had been posted."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from fim.ingest.files import MAX_LINE_BYTES, BrokenFile, Numbered, TooLong, open_records
from fim.ingest.occurrences import Occurrences
from fim.ingest.pipeline import ingest_records

BATCH_RECORDS = 1_000
MAX_SHOWN = 20


@dataclass
class FileImport:
    """Stores the records of some files and counts what was stored, repeated, ignored or refused."""

    host: str
    format_name: str | None = None
    on_progress: Callable[[], None] = lambda: None
    accepted: int = 0
    repeated: int = 0
    ignored: int = 0
    refused: int = 0
    reasons: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def import_file(self, name: str, stream: io.BufferedReader) -> None:
        """Store a file's records, a transaction a batch.

        What was read before a failure is stored. Repeated, wherever it was stopped, it stores only
        what is not stored yet.
        """
        batch: list[Numbered] = []
        with Occurrences() as occurrences:
            try:
                for number, record in open_records(stream):
                    batch.append((number, occurrences.identified(record)))
                    if len(batch) == BATCH_RECORDS:
                        self._ingest(name, batch)
                        batch = []
            except BrokenFile as exc:
                self.failures.append(f"{name}: {exc}")
        self._ingest(name, batch)

    def _ingest(self, name: str, batch: list[Numbered]) -> None:
        for number, record in batch:
            if isinstance(record, TooLong):
                self._refuse(name, number, f"Is over {MAX_LINE_BYTES} bytes long.")
        readable = [one for one in batch if not isinstance(one[1], TooLong)]
        answer = ingest_records(
            [record for _, record in readable],
            format_name=self.format_name,
            received_at=timezone.now(),
            default_host=self.host,
        )
        self.accepted += answer.accepted
        self.repeated += answer.duplicates
        self.ignored += answer.ignored
        for error in answer.errors:
            self._refuse(name, readable[error["index"]][0], _reason(error))
        self.on_progress()

    def _refuse(self, name: str, number: int, reason: str) -> None:
        self.refused += 1
        if len(self.reasons) < MAX_SHOWN:
            self.reasons.append(f"{name}, line {number}: {reason}")

    def summary(self) -> list[str]:
        """Return the counts, then the refused lines, as many as are shown."""
        lines = [
            f"Accepted {self.accepted}, repeated {self.repeated}, ignored {self.ignored},"
            f" refused {self.refused}."
        ]
        lines += self.reasons
        if unshown := self.refused - len(self.reasons):
            lines.append(f"and {unshown} more that were refused")
        return lines


def _reason(error: dict[str, Any]) -> str:
    """Return what is wrong, field by field."""
    return " ".join(
        (f"{name}: " if name != "non_field_errors" else "") + " ".join(map(str, sentences))
        for name, sentences in error["fields"].items()
    )
