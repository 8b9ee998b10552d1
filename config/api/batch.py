"""The answer to a batch: what was accepted, what was a repeat, and each refusal by its index."""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from rest_framework import serializers

from config.api.errors import invalid_detail


@dataclass
class BatchAnswer:
    """Counts of one batch; `errors` holds `{index, code, detail, fields}` a refused record."""

    accepted: int = 0
    duplicates: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)

    def refuse(self, index: int, fields: Any, *, code: str = "invalid") -> None:
        detail = invalid_detail(fields)
        self.errors.append({"index": index, "code": code, "detail": detail, "fields": fields})

    @property
    def http_status(self) -> HTTPStatus:
        """201 if anything was stored, 200 if all were repeats, 400 if nothing could be."""
        if self.accepted:
            return HTTPStatus.CREATED
        return HTTPStatus.OK if self.duplicates else HTTPStatus.BAD_REQUEST

    def as_json(self) -> dict[str, Any]:
        return {
            "accepted": self.accepted,
            "duplicates": self.duplicates,
            "rejected": len(self.errors),
            "errors": self.errors,
        }


class BatchErrorSerializer(serializers.Serializer[Any]):
    index = serializers.IntegerField(help_text="Place in the batch, from 0.")
    code = serializers.CharField()
    detail = serializers.CharField()
    fields = serializers.DictField()  # type: ignore[assignment]


class BatchSerializer(serializers.Serializer[Any]):
    accepted = serializers.IntegerField()
    duplicates = serializers.IntegerField(help_text="Repeats of what is stored already.")
    rejected = serializers.IntegerField()
    errors = BatchErrorSerializer(many=True)  # type: ignore[assignment]
