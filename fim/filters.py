"""Query parameters of the list of logs."""

from django.db.models import QuerySet
from django_filters import rest_framework as filters

from config.filters import MomentFilter
from fim.ingest.record import LIMITS
from fim.models import Action, Category, FimLog, FimLogQuerySet


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

    class Meta:
        model = FimLog
        fields: list[str] = []

    def filter_search(self, queryset: FimLogQuerySet, name: str, value: str) -> QuerySet[FimLog]:
        return queryset.search(value)
