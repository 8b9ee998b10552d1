"""Query parameters of the list of hosts."""

from django.db.models import QuerySet
from django_filters import rest_framework as filters

from fim.models.hosts import Host, HostQuerySet, State
from fim.record.fields import LIMITS


class HostFilter(filters.FilterSet):
    state = filters.MultipleChoiceFilter(choices=State.choices, distinct=False)
    name = filters.CharFilter(
        strip=False, label="The whole name; one that no path can hold is found so."
    )
    search = filters.CharFilter(
        method="filter_search", max_length=LIMITS["host"], label="Text in the name, in any case."
    )

    class Meta:
        model = Host
        fields: list[str] = []

    def filter_search(self, queryset: HostQuerySet, name: str, value: str) -> QuerySet[Host]:
        return queryset.search(value)
