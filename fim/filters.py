"""Query parameters of the list of logs."""

from django_filters import rest_framework as filters

from config.filters import MomentFilter
from fim.ingest.record import LIMITS
from fim.models import Action, Category, FimLog, FimLogQuerySet
from fim.pages import Span
from fim.subjects import SCANNED_LOGS, among_newest, logs_whose, scan_logs, search_logs


class FimLogFilter(filters.FilterSet):
    status = filters.ChoiceFilter("category", choices=Category.choices, label="Category.")
    host = filters.CharFilter()
    action = filters.MultipleChoiceFilter(choices=Action.choices, distinct=False)
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
    # The last: it looks among what the others let through.
    rule = filters.CharFilter(
        method="filter_rule",
        max_length=LIMITS["rule"],
        label=f"The rule, among the newest {SCANNED_LOGS:,} logs of the other filters.",
    )

    class Meta:
        model = FimLog
        fields: list[str] = []

    def span(self) -> Span | None:
        """What was asked for, where day counts know how many such logs there are, else None."""
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

    def filter_search(self, queryset: FimLogQuerySet, name: str, value: str) -> FimLogQuerySet:
        return search_logs(queryset, value)

    def filter_subject(self, queryset: FimLogQuerySet, name: str, value: str) -> FimLogQuerySet:
        return logs_whose(queryset, name, value)

    def filter_rule(self, queryset: FimLogQuerySet, name: str, value: str) -> FimLogQuerySet:
        return among_newest(queryset, rule=value)


class ExportFilter(FimLogFilter):
    """The same for an export: each batch would sort all that a search of subjects finds."""

    def filter_search(self, queryset: FimLogQuerySet, name: str, value: str) -> FimLogQuerySet:
        return scan_logs(queryset, value)

    def filter_subject(self, queryset: FimLogQuerySet, name: str, value: str) -> FimLogQuerySet:
        return queryset.filter(**{name: value})

    def filter_rule(self, queryset: FimLogQuerySet, name: str, value: str) -> FimLogQuerySet:
        return queryset.filter(rule=value)
