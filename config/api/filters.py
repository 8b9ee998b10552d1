"""Filters that refuse what they do not understand."""

import re
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.db.models import QuerySet
from django_filters import rest_framework as filters
from django_filters.fields import IsoDateTimeField

# A `+` that was not escaped in the query arrives as a space: after day and time, before an offset.
SPACE_FOR_PLUS = re.compile(r"(\S{8,10}[T ]\S+) (\d\d(:?\d\d)?)", re.ASCII)


class MomentFormField(IsoDateTimeField):
    """An ISO 8601 moment, in UTC where it names no zone, of a year that every zone can show."""

    default_error_messages = {
        "invalid": "Takes a moment of the years 2 to 9998, such as 2026-03-14T12:00:00Z."
    }

    def to_python(self, value: Any) -> datetime | None:
        # Not Django's own, which reads a moment without a zone as one of the node's zone.
        if value in self.empty_values:
            return None
        text = str(value).strip()
        if match := SPACE_FOR_PLUS.fullmatch(text):
            text = f"{match[1]}+{match[2]}"
        try:
            # In capitals, and nothing behind a NUL: Python would not read the ones, nor the other.
            moment = datetime.fromisoformat(text.upper()) if text.isprintable() else None
        except (ValueError, OverflowError):
            moment = None
        if moment is None or not 1 < moment.year < 9999:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class MomentFilter(filters.IsoDateTimeFilter):
    field_class = MomentFormField


class TotalOrderingFilter(filters.OrderingFilter):
    """`?ordering=`, always ended by the primary key, so that pages never overlap."""

    def filter(self, qs: QuerySet[Any], value: list[str] | None) -> QuerySet[Any]:
        order = [self.get_ordering_value(name) for name in value or [] if name]
        if not order:
            return qs
        return qs.order_by(*order, "-pk" if order[0].startswith("-") else "pk")
