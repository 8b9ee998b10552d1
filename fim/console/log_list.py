"""The console's list of logs: its filters, one page, and the facets to filter by.

Each part costs the same however many logs there are: pages follow each other by cursor, and facets
are counted in the newest logs that match the filters.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import BadRequest
from django.db.models import Sum
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import cached_property
from rest_framework.exceptions import ValidationError

from fim.logs.filters import FimLogFilter
from fim.logs.pagination import read_cursor, write_cursor
from fim.models import Action, Category, DayCount, FimLog, FimLogQuerySet
from fim.models.days import FIRST_DAY, LAST_DAY, bounds_of_day
from fim.record.fields import LIMITS

LOGS_A_PAGE = 50
SAMPLED_LOGS = 1_000
VALUES_A_FACET = 8
DAYS_SHOWN = 14
FACETS = ("category", "host", "action", "user", "rule")


class LogListForm(forms.Form):
    """The filters that a person may set; an empty one filters nothing."""

    search = forms.CharField(required=False, max_length=LIMITS["path"], label="Search")
    category = forms.ChoiceField(required=False, choices=[("", "All"), *Category.choices])
    action = forms.ChoiceField(required=False, choices=[("", "All"), *Action.choices])
    host = forms.CharField(required=False, max_length=LIMITS["host"])
    user = forms.CharField(required=False, max_length=LIMITS["user"])
    rule = forms.CharField(required=False, max_length=LIMITS["rule"])
    path = forms.CharField(required=False, max_length=LIMITS["path"])
    day = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def clean_day(self) -> date | None:
        day: date | None = self.cleaned_data["day"]
        if day and not FIRST_DAY <= day <= LAST_DAY:
            raise forms.ValidationError(f"Takes a day from {FIRST_DAY} to {LAST_DAY}.")
        return day


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a facet, how often the newest logs have it, and the list filtered by it."""

    name: str
    count: int
    url: str
    is_chosen: bool


class LogList:
    """The logs that match some filters, newest first; none where a filter is not valid."""

    def __init__(self, query: dict[str, str]) -> None:
        self.form = LogListForm(query)
        self.is_valid = self.form.is_valid()
        self.chosen = {name: value for name, value in self.form.cleaned_data.items() if value}
        self._query = query
        self.has_newer = self.has_older = False

    @cached_property
    def rest_query(self) -> dict[str, Any]:
        """The same filters as REST calls them, for the export too."""
        asked = {name: value for name, value in self.chosen.items() if name != "day"}
        if "category" in asked:
            asked["status"] = asked.pop("category")
        if day := self.chosen.get("day"):
            start, end = bounds_of_day(day)
            asked |= {"timestamp_after": start.isoformat(), "timestamp_before": end.isoformat()}
        return asked

    def export_url(self, url: str, form: str) -> str:
        return f"{url}?{urlencode(self.rest_query | {'format': form})}"

    @cached_property
    def logs(self) -> FimLogQuerySet:
        newest = FimLog.objects.newest()
        if not self.is_valid:
            return newest.none()
        found = FimLogFilter(QueryDict(urlencode(self.rest_query)), newest)
        return found.found.logs if found.is_valid() else newest.none()

    @cached_property
    def page(self) -> Sequence[FimLog]:
        """One page: the newest logs, or those after `older` or before `newer` (cursors)."""
        logs = self.logs.defer("full_log", "attributes")
        older, newer = self._query.get("older", ""), self._query.get("newer", "")
        if newer:
            after = logs.newer_than(*_read(newer)).order_by("timestamp", "pk")
            found = list(after[: LOGS_A_PAGE + 1])
            self.has_newer, self.has_older = len(found) > LOGS_A_PAGE, True
            return found[:LOGS_A_PAGE][::-1]
        if older:
            logs = logs.older_than(*_read(older))
        found = list(logs[: LOGS_A_PAGE + 1])
        self.has_newer, self.has_older = bool(older), len(found) > LOGS_A_PAGE
        return found[:LOGS_A_PAGE]

    @property
    def older_url(self) -> str:
        is_there = self.page and self.has_older
        return self.url_with(older=write_cursor(self.page[-1])) if is_there else ""

    @property
    def newer_url(self) -> str:
        is_there = self.page and self.has_newer
        return self.url_with(newer=write_cursor(self.page[0])) if is_there else ""

    def url_with(self, **changes: object) -> str:
        """Return the list's URL with some filters changed; empty ones are left out."""
        asked = {name: value for name, value in (self.chosen | changes).items() if value}
        return f"?{urlencode(asked)}" if asked else "?clear=1"

    def active_filters(self) -> list[Choice]:
        """Return the filters that are set, each with the list without it."""
        return [
            Choice(f"{name}: {value}", 0, self.url_with(**{name: ""}), is_chosen=True)
            for name, value in self.chosen.items()
        ]

    def facets(self) -> dict[str, list[Choice]]:
        """Return the most frequent values of each facet among the newest logs. One query."""
        sample = list(self.logs.values_list(*FACETS)[:SAMPLED_LOGS])
        columns = zip(*sample, strict=True) if sample else ((),) * len(FACETS)
        return {
            name: [
                self._choice(name, value, count)
                for value, count in Counter(filter(None, values)).most_common(VALUES_A_FACET)
            ]
            for name, values in zip(FACETS, columns, strict=True)
        }

    def days(self) -> list[Choice]:
        """Return the last days with their day counts, newest first. One query."""
        today = timezone.localdate()
        counts = DayCount.objects.filter(day__gt=today - timedelta(days=DAYS_SHOWN), day__lte=today)
        known = {name: self.chosen[name] for name in ("category", "host") if name in self.chosen}
        rows = counts.filter(**known).order_by("-day").values_list("day").annotate(n=Sum("count"))
        return [self._choice("day", day, count) for day, count in rows if count]

    def _choice(self, name: str, value: object, count: int) -> Choice:
        is_chosen = self.chosen.get(name) == value
        return Choice(
            str(value), count, self.url_with(**{name: "" if is_chosen else value}), is_chosen
        )


def _read(cursor: str) -> tuple[datetime, int]:
    try:
        return read_cursor(cursor)
    except ValidationError as exc:
        raise BadRequest from exc
