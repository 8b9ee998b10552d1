"""Pages of logs that cost the same however many there are and however deep the page lies."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db.models import QuerySet, Sum
from django.utils.functional import cached_property
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from config.api.pagination import PageNumberPagination
from fim.models import DayCount, FimLog, FimLogQuerySet, HourCount
from fim.models.days import bounds_of_day, bounds_of_hour, day_of
from fim.record.fields import MAX_INTEGER
from fim.store.search import LogSearch

# As far as this, counting rows off is as cheap as asking the day counts where they begin.
NEAR_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Span:
    """The logs of a list, by filters that day counts know."""

    category: str = ""
    host: str = ""
    after: datetime | None = None
    before: datetime | None = None


class CountedResults:
    """Logs, newest first, counted by day counts, by which deep pages are reached as well.

    Stands for a QuerySet in Django's paginator. One query for the counts, one more for each
    end of the span that lies within a day, and one for the hours of a day deep in the list.
    """

    def __init__(self, logs: QuerySet[FimLog], span: Span) -> None:
        self._logs = logs
        self._span = span

    is_estimate = False

    def count(self) -> int:
        return sum(count for _, count in self._days)

    def __getitem__(self, wanted: slice) -> QuerySet[FimLog]:
        if wanted.start < NEAR_ROWS:
            return self._logs[wanted]
        passed = 0
        for day, count in self._days:
            if passed + count > wanted.start:
                end, skipped = self._end_of_hour(day, wanted.start - passed)
                logs = self._logs.filter(timestamp__lt=end)
                return logs[skipped : skipped + wanted.stop - wanted.start]
            passed += count
        return self._logs.none()

    def _end_of_hour(self, day: date, start: int) -> tuple[datetime, int]:
        """Return the end of the hour that a day's log number `start` lies in, and its number there.

        Where hour counts cannot be used, for a host or for a span within the day, that of the day.
        """
        span, left = self._span, start
        if not (span.host or span.after or span.before):
            found = HourCount.objects.filter(day=day)
            found = found.filter(category=span.category) if span.category else found
            hours = found.order_by("-hour").values_list("hour").annotate(n=Sum("count"))
            for hour, count in hours:
                if count > left:
                    return bounds_of_hour(day, hour)[1], left
                left -= count
        return bounds_of_day(day)[1], start

    @cached_property
    def _days(self) -> Sequence[tuple[date, int]]:
        """Days that have such logs, newest first, each with their count."""
        span, found = self._span, DayCount.objects.all()
        if span.category:
            found = found.filter(category=span.category)
        if span.host:
            found = found.filter(host=span.host)
        if span.after:
            found = found.filter(day__gte=day_of(span.after))
        if span.before:
            found = found.filter(day__lte=day_of(span.before))
        rows = found.order_by("-day").values_list("day").annotate(n=Sum("count"))
        return [(day, self._count_of(day, n)) for day, n in rows]

    def _count_of(self, day: date, whole: int) -> int:
        """The day's count, or what a span that begins or ends within the day leaves of it."""
        start, end = bounds_of_day(day)
        span = self._span
        is_whole = not (span.after and span.after > start) and not (
            span.before and span.before < end
        )
        if is_whole:
            return whole
        return self._logs.filter(timestamp__gte=start, timestamp__lt=end).count()


class CappedResults:
    """Logs, newest first, of a filter that day counts do not know: counted up to `CAP`."""

    CAP = 500

    def __init__(self, search: LogSearch) -> None:
        self._search = search

    def count(self) -> int:
        return min(len(self._ids), self.CAP)

    @property
    def is_estimate(self) -> bool:
        return len(self._ids) > self.CAP

    def __getitem__(self, wanted: slice) -> list[FimLog]:
        # A row is read only when it is shown.
        ids = self._ids[wanted]
        found = FimLog.objects.in_bulk(ids)
        return [found[pk] for pk in ids if pk in found]

    @cached_property
    def _ids(self) -> list[int]:
        """The newest ids, one more than are counted. They serve the count and every page."""
        return self._search.newest_ids(self.CAP + 1)


class LogPagination(PageNumberPagination):
    """Page numbers, or with `?cursor=` pages that follow each other without ever shifting.

    A cursor names the last log of a page, so logs that arrive meanwhile move nothing. The first
    page is `?cursor=` with nothing behind it; the others are in `next`.
    """

    cursor_query_param = "cursor"
    # Described in Swagger beside what every page has.
    more_properties = {
        "count_is_estimate": "There are more than `count`; the count stops there. Go on by cursor."
    }

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.next_link: str | None = None
        self.request = request
        self.results = _results(view.found, view.span)
        self.is_cursor = self.cursor_query_param in request.query_params
        if not self.is_cursor:
            return super().paginate_queryset(self.results, request, view) or []
        return self._page_after(queryset, request)

    def get_paginated_response(self, data: Any) -> Response:
        if self.is_cursor:
            body = {"count": self.results.count(), "next": self.next_link, "previous": None}
        else:
            body = super().get_paginated_response(data).data
        body["count_is_estimate"] = self.results.is_estimate
        return Response(body | {"results": data})

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        cursor = {
            "name": self.cursor_query_param,
            "required": False,
            "in": "query",
            "description": "Pages that never shift: empty for the first, then as in `next`.",
            "schema": {"type": "string"},
        }
        return [*super().get_schema_operation_parameters(view), cursor]

    def _page_after(self, logs: FimLogQuerySet, request: Request) -> list[FimLog]:
        size = self.get_page_size(request)
        if text := request.query_params[self.cursor_query_param]:
            logs = logs.older_than(*read_cursor(text))
        page = list(logs[: size + 1])
        if len(page) > size:
            here = request.build_absolute_uri()
            self.next_link = replace_query_param(here, "cursor", write_cursor(page[size - 1]))
        return page[:size]


def _results(found: LogSearch, span: Span | None) -> Any:
    return CappedResults(found) if span is None else CountedResults(found.logs, span)


def write_cursor(log: FimLog) -> str:
    """Return the cursor of the page that begins after this log."""
    text = f"{log.timestamp.astimezone(UTC).isoformat()} {log.pk}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str) -> tuple[datetime, int]:
    """Return the moment and the id of the log that a cursor names. Raises ValidationError."""
    try:
        padded = text + "=" * (-len(text) % 4)
        moment, pk = base64.urlsafe_b64decode(padded.encode()).decode().split(" ")
        timestamp, number = datetime.fromisoformat(moment), int(pk)
        if timestamp.tzinfo is UTC and 1 < timestamp.year < 9999 and 0 < number <= MAX_INTEGER:
            return timestamp, number
    except (ValueError, binascii.Error):
        pass
    raise ValidationError(
        {"cursor": ["Takes a cursor from `next`, or nothing for the first page."]}
    )
