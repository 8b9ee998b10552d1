"""Every ingest comes here: records become logs and events, stored in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.utils import timezone

from config.api.batch import BatchAnswer
from fim.formats import picket
from fim.formats.registry import Format, format_of, gather, named_format
from fim.ingest.body import Malformed
from fim.record.actions import read_action
from fim.record.fields import InvalidRecord
from fim.record.new_log import NewLog
from fim.record.parsed import ParsedEvent, ParsedLog, event_id_of, with_last_hash
from fim.record.raw import pack_raw
from fim.record.reading import SentLog, complete_log, read_log
from fim.record.truncation import truncate_fields, truncate_text
from fim.store.group_commit import commit

TOO_DEEP = {"non_field_errors": ["Is nested too deeply."]}


@dataclass(slots=True)
class RecordContent:
    """What one record holds; `errors` has one entry for each of its logs that is bad."""

    logs: Sequence[NewLog] = ()
    events: Sequence[ParsedEvent] = ()
    errors: Sequence[dict[str, list[str]]] = ()
    code: str = "invalid"

    @property
    def only_log(self) -> NewLog | None:
        """The log of a record that holds one log and nothing else."""
        is_alone = len(self.logs) == 1 and not self.events and not self.errors
        return self.logs[0] if is_alone else None

    @property
    def is_refused(self) -> bool:
        return bool(self.errors) and not self.logs and not self.events


@dataclass(frozen=True, slots=True)
class RecordReader:
    """Reads records that one sender sent at one moment."""

    received_at: datetime
    default_host: str
    format_name: str | None = None

    def read_all(self, records: Sequence[object]) -> list[RecordContent]:
        """Return what each record holds, in their order."""
        return [self.read(record) for record in gather(records)]

    def read(self, record: object) -> RecordContent:
        """Return what a record holds; a bad record is an error in it, never an exception."""
        if isinstance(record, SentLog):
            return RecordContent([self.read_sent(record)])
        if isinstance(record, Malformed):
            return self._read_line(record.text)
        try:
            found = self._format_of(record)
            parsed = found.parse(record)
        except InvalidRecord as exc:
            return RecordContent(errors=[exc.fields])
        except RecursionError:
            return RecordContent(errors=[TOO_DEEP])
        logs, errors = [], []
        for log in parsed.logs:
            try:
                logs.append(
                    self._read_foreign(log, record)
                    if found is not picket
                    else self._read_log(log.fields, log.raw)
                )
            except InvalidRecord as exc:
                errors.append(exc.fields)
            except RecursionError:
                errors.append(TOO_DEEP)
        return RecordContent(logs, [self._truncate(event) for event in parsed.events], errors)

    def read_sent(self, sent: Any) -> NewLog:
        """Return the log of a SentLog."""
        log = complete_log(sent, received_at=self.received_at, default_host=self.default_host)
        if sent.raw is not None:
            log.raw = pack_raw(sent.raw)
        return log

    def _format_of(self, record: object) -> Format:
        return named_format(self.format_name, record) if self.format_name else format_of(record)

    def _read_line(self, line: str) -> RecordContent:
        """Read a line that is no JSON: of a tool that writes lines of text, or malformed."""
        try:
            self._format_of(line)
        except InvalidRecord:
            errors = {"non_field_errors": ["Is no JSON, nor a line of a known tool's log."]}
            return RecordContent(errors=[errors], code="malformed")
        return self.read(line)

    def _truncate(self, event: ParsedEvent) -> ParsedEvent:
        return replace(
            event,
            source_name=truncate_text(event.source_name or self.default_host, 255),
            event_type=truncate_text(event.event_type, 100),
            description=truncate_text(event.description, 10_000),
        )

    def _read_foreign(self, log: ParsedLog, record: object) -> NewLog:
        """Read a log of another tool; the record stays beside it, whole."""
        fields = truncate_fields(log.fields)
        if read_action(fields.get("action", "")) == "deleted":
            fields = with_last_hash(fields)
        if log.is_local_time:
            fields["timestamp"] = _in_zone_of_node(fields.get("timestamp"))
        if log.is_timeless:
            day = timezone.localdate(self.received_at).isoformat()
            fields["event_id"] = event_id_of("day", [fields["event_id"], day])
        return self._read_log(fields, record if log.raw is None else log.raw)

    def _read_log(self, fields: dict[str, Any], raw: object) -> NewLog:
        new_log = read_log(fields, received_at=self.received_at, default_host=self.default_host)
        if raw is not None:
            new_log.raw = pack_raw(raw)
        return new_log


@dataclass
class IngestAnswer(BatchAnswer):
    """Counts of one batch of foreign records.

    `ignored` are records of a known tool that hold neither a log nor an event; `outcomes` has for
    each record whether it was accepted, duplicate, ignored or rejected.
    """

    ignored: int = 0
    outcomes: list[str] = field(default_factory=list)

    @property
    def http_status(self) -> HTTPStatus:
        """As of every batch; one that held nothing but what is ignored is done, too."""
        is_done = self.ignored and not self.errors and not self.accepted
        return HTTPStatus.OK if is_done else super().http_status

    def as_json(self) -> dict[str, Any]:
        return super().as_json() | {"ignored": self.ignored}

    def count(self, *, is_new: bool) -> None:
        """Count a record that holds one log."""
        self.accepted += is_new
        self.duplicates += not is_new
        self.outcomes.append("accepted" if is_new else "duplicate")


def ingest_records(
    records: Sequence[object],
    *,
    format_name: str | None = None,
    received_at: datetime,
    default_host: str,
) -> IngestAnswer:
    """Read and store a batch of records. See `store_contents`."""
    reader = RecordReader(received_at, default_host, format_name)
    return store_contents(reader.read_all(records))


def store_contents(contents: Sequence[RecordContent]) -> IngestAnswer:
    """Store what a batch of records holds; return the outcome of each.

    The good ones are stored in one transaction, each bad one is named by its index. A record of a
    known tool that holds neither a log nor an event is ignored. When this returns, everything that
    the answer calls accepted is committed; a repeat of the same records stores nothing.
    """
    fresh = commit(
        [log for content in contents for log in content.logs],
        [event for content in contents for event in content.events],
    )
    answer = IngestAnswer()
    for index, content in enumerate(contents):
        if log := content.only_log:
            answer.count(is_new=id(log) in fresh)
        else:
            _count_outcome(answer, index, content, fresh)
    return answer


def _count_outcome(
    answer: IngestAnswer, index: int, content: RecordContent, fresh: set[int]
) -> None:
    for errors in content.errors:
        answer.refuse(index, errors, code=content.code)
    held = [*content.logs, *content.events]
    new = sum(id(item) in fresh for item in held)
    answer.accepted += new
    answer.duplicates += len(held) - new
    answer.ignored += not held and not content.errors
    answer.outcomes.append(_outcome(content, len(held), new))


def _outcome(content: RecordContent, held: int, new: int) -> str:
    if new:
        return "accepted"
    if held:
        return "duplicate"
    return "rejected" if content.errors else "ignored"


def _in_zone_of_node(text: object) -> object:
    try:
        moment = datetime.fromisoformat(text)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return text
    return timezone.make_aware(moment).isoformat() if moment.tzinfo is None else text
