"""DRF parsers of the ingest paths: one a media type, all bounded, all giving a `Body`.

A body without a Content-Type is refused: a page of a foreign site can make a browser send one to
a node on its own machine without asking first, and logs from there would need no key.
"""

from collections.abc import Iterable, Mapping
from typing import IO, Any

from django.conf import settings
from django.http import UnreadablePostError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from fim.ingest.body import (
    Body,
    BodyTooLarge,
    MalformedBody,
    UnknownMediaType,
    read_json,
    read_ndjson,
    unpack,
)


class LogsJSONParser(BaseParser):
    media_type = "application/json"
    read = staticmethod(read_json)

    def parse(  # type: ignore[override]
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Body:
        assert parser_context is not None
        headers = parser_context["request"].headers
        limit = settings.FIM_MAX_BODY_BYTES
        try:
            raw = stream.read(limit + 1)
        except UnreadablePostError as exc:
            raise MalformedBody("The body breaks off.") from exc
        if len(raw) > limit:
            size = headers.get("Content-Length", f"over {limit}")
            raise BodyTooLarge(f"The body has {size} bytes; at most {limit} are accepted.")
        text = unpack(
            raw,
            encoding=headers.get("Content-Encoding", ""),
            limit_bytes=settings.FIM_MAX_UNPACKED_BYTES,
        )
        return self.read(text)


class LogsNDJSONParser(LogsJSONParser):
    media_type = "application/x-ndjson"
    read = staticmethod(read_ndjson)


class LogsJSONLinesParser(LogsNDJSONParser):
    media_type = "application/jsonl"


PARSERS = [LogsJSONParser, LogsNDJSONParser, LogsJSONLinesParser]


class LogsNegotiation(DefaultContentNegotiation):
    """Says which media types are taken where a body has another, or none."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser:
        parser = super().select_parser(request, parsers)
        if parser is None:
            taken = ", ".join(parser.media_type for parser in PARSERS)
            sent = f"is {request.content_type[:100]}" if request.content_type else "is missing"
            raise UnknownMediaType(f"Content-Type {sent}; it takes one of {taken}.")
        return parser
