"""Query parameters of the list of logs."""

from typing import Any

from django.utils.functional import cached_property
from django_filters import rest_framework as filters

from config.api.filters import MomentFilter
from fim.logs.pagination import Span
from fim.models import Action, Category, FimLog, FimLogQuerySet
from fim.record.fields import LIMITS
from fim.store.dialect import dialect
from fim.store.search import (
    MAX_SCANNED_LOGS,
    LogSearch,
    among_newest,
    logs_whose,
    scan_logs,
    search_logs,
)


class FimLogFilter(filters.FilterSet):
    status = filters.ChoiceFilter(
        "category", method="filter_value", choices=Category.choices, label="Category."
    )
    host = filters.CharFilter()
    action = filters.MultipleChoiceFilter(method="filter_value", choices=Action.choices)
    timestamp_after = MomentFilter("timestamp", "gte", label="From this moment on (ISO 8601).")
    timestamp_before = MomentFilter("timestamp", "lt", label="Before this moment (ISO 8601).")
    search = filters.CharFilter(
        method="filter_search",
        max_length=LIMITS["path"],
        label="Text in path, user or process, in any case.",
    )
    path = filters.CharFilter(
        method="filter_subject", max_length=LIMITS["path"], label="The whole path."
    )
    user = filters.CharFilter(
        method="filter_subject", max_length=LIMITS["user"], label="Who did it, the whole name."
    )
    # The last one: it searches what the others let through.
    rule = filters.CharFilter(
        method="filter_rule",
        max_length=LIMITS["rule"],
        label=f"The rule, among the newest {MAX_SCANNED_LOGS:,} logs of the other filters.",
    )

    class Meta:
        model = FimLog
        fields: list[str] = []

    @cached_property
    def found(self) -> LogSearch:
        """The logs that all filters let through."""
        search = LogSearch(self.queryset.all())
        for name, value in self.form.cleaned_data.items():
            search = self.filters[name].filter(search, value)
        return search

    def filter_queryset(self, queryset: FimLogQuerySet) -> FimLogQuerySet:
        return self.found.logs

    def span(self) -> Span | None:
        """Return the filters as a span that day counts can count; None where they cannot."""
        chosen = self.form.cleaned_data
        if any(chosen[name] for name in ("action", "search", "path", "user", "rule")):
            return None
        return Span(
            category=self.category_of(chosen["status"]),
            host=chosen["host"],
            after=chosen["timestamp_after"],
            before=chosen["timestamp_before"],
        )

    def category_of(self, status: str) -> str:
        return status

    def filter_value(self, search: LogSearch, name: str, value: Any) -> LogSearch:
        values = value if isinstance(value, list) else [value]
        if name in self._columns_with_own_index():
            return search.filter(dialect.has_value(name, values))
        return search.filter(**{f"{name}__in": values})

    def _columns_with_own_index(self) -> tuple[str, ...]:
        """Columns to look up in their own index, beside the one whose index leads to the logs.

        None where the log itself is read anyway.
        """
        chosen = self.form.cleaned_data
        if not chosen["action"] or any(chosen[name] for name in ("search", "path", "user")):
            return ()
        if chosen["host"]:
            return ("category", "action")
        # Most logs are normal; any other category has fewer logs than any action.
        is_rare = self.category_of(chosen["status"]) not in ("", Category.NORMAL)
        return ("action",) if is_rare else ("category",)

    def filter_search(self, search: LogSearch, name: str, value: str) -> LogSearch:
        return search_logs(search, value)

    def filter_subject(self, search: LogSearch, name: str, value: str) -> LogSearch:
        return logs_whose(search, name, value)

    def filter_rule(self, search: LogSearch, name: str, value: str) -> LogSearch:
        return among_newest(search, rule=value)


class ExportFilter(FimLogFilter):
    """The same for an export: each batch would sort all that a search of subjects finds."""

    def _columns_with_own_index(self) -> tuple[str, ...]:
        return ()

    def filter_search(self, search: LogSearch, name: str, value: str) -> LogSearch:
        return scan_logs(search, value)

    def filter_subject(self, search: LogSearch, name: str, value: str) -> LogSearch:
        return search.filter(**{name: value})

    def filter_rule(self, search: LogSearch, name: str, value: str) -> LogSearch:
        return search.filter(rule=value)
