"""Moments and UUIDs in the database: 8 and 16 bytes, where Django's texts take 27 and 32 on SQLite.

A log has two moments and an event id, and each index over logs holds one of them, so this is a
third of what a log takes.
"""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import models

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def microseconds_of(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND


class CompactDateTimeField(models.DateTimeField):
    """An aware moment; on SQLite whole microseconds since 1970, in UTC."""

    def get_internal_type(self) -> str:
        # Not DateTimeField: SQLite's converters would read the number as text.
        return "CompactDateTimeField"

    def db_type(self, connection: Any) -> str:
        return "bigint" if connection.vendor == "sqlite" else "timestamp with time zone"

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if not prepared:
            value = self.get_prep_value(value)
        if value is None or connection.vendor != "sqlite":
            return value
        return microseconds_of(value) if isinstance(value, datetime) else value

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> datetime | None:
        if value is None or isinstance(value, datetime):
            return value
        return EPOCH + timedelta(microseconds=value)


class CompactUUIDField(models.UUIDField):
    """A UUID; on SQLite its 16 bytes."""

    def get_internal_type(self) -> str:
        # Not UUIDField: SQLite's converters would read the bytes as text.
        return "CompactUUIDField"

    def db_type(self, connection: Any) -> str:
        return "blob" if connection.vendor == "sqlite" else "uuid"

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        value = self.to_python(value)
        return value if value is None or connection.vendor != "sqlite" else value.bytes

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> uuid.UUID | None:
        return uuid.UUID(bytes=bytes(value)) if isinstance(value, bytes | memoryview) else value
