"""Query parameters of the lists of events and alerts."""

from django.db.models import QuerySet
from django_filters import rest_framework as filters

from config.api.filters import MomentFilter, TotalOrderingFilter
from threats.models import Alert, Event, EventQuerySet, Severity, Status


class EventFilter(filters.FilterSet):
    severity = filters.MultipleChoiceFilter(choices=Severity.choices, distinct=False)
    source_name = filters.CharFilter()
    event_type = filters.CharFilter()
    timestamp_after = MomentFilter("timestamp", "gte", label="From this moment on (ISO 8601).")
    timestamp_before = MomentFilter("timestamp", "lt", label="Before this moment (ISO 8601).")
    search = filters.CharFilter(
        method="filter_search",
        max_length=255,
        label="Text in source name, event type or description.",
    )
    ordering = TotalOrderingFilter(
        fields=[
            ("timestamp", "timestamp"),
            ("last_seen_at", "last_seen_at"),
            ("count", "count"),
            ("source_name", "source_name"),
            ("event_type", "event_type"),
            ("severity_rank", "severity"),
        ]
    )

    class Meta:
        model = Event
        fields: list[str] = []

    def filter_search(self, queryset: EventQuerySet, name: str, value: str) -> QuerySet[Event]:
        return queryset.search(value)


class AlertFilter(filters.FilterSet):
    status = filters.MultipleChoiceFilter(choices=Status.choices, distinct=False)
    event__severity = filters.MultipleChoiceFilter(choices=Severity.choices, distinct=False)
    assignee = filters.CharFilter()
    event__source_name = filters.CharFilter()
    event__event_type = filters.CharFilter()
    created_at_after = MomentFilter("created_at", "gte", label="From this moment on (ISO 8601).")
    created_at_before = MomentFilter("created_at", "lt", label="Before this moment (ISO 8601).")
    ordering = TotalOrderingFilter(fields=["created_at"])

    class Meta:
        model = Alert
        fields: list[str] = []
