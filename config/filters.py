"""Filters that refuse what they do not understand."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django_filters import rest_framework as filters
from django_filters.fields import IsoDateTimeField


class MomentField(IsoDateTimeField):
    """An ISO 8601 moment, in UTC where it names no zone, of a year that every zone can show."""

    def to_python(self, value: Any) -> Any:
        moment = super().to_python(value)
        if moment is not None and not 1 < moment.year < 9999:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return moment

    def strptime(self, value: str, format: str) -> datetime:  # noqa: A002  (Django's name)
        if format != self.ISO_8601:
            raise ValueError(format)
        try:
            moment = datetime.fromisoformat(value.replace(" ", "+"))
        except OverflowError as exc:
            raise ValueError(value) from exc
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class MomentFilter(filters.IsoDateTimeFilter):
    field_class = MomentField


class TotalOrderingFilter(filters.OrderingFilter):
    """`?ordering=`, always ended by the primary key, so that pages never overlap."""

    def filter(self, qs: QuerySet[Any], value: list[str] | None) -> QuerySet[Any]:
        if not value:
            return qs
        order = [self.get_ordering_value(name) for name in value]
        return qs.order_by(*order, "-pk" if order[0].startswith("-") else "pk")


def no_nul(text: str) -> None:
    """Refuse NUL, which PostgreSQL cannot hold."""
    if "\x00" in text:
        raise ValidationError("A NUL character is not allowed.")
