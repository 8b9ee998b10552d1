"""DRF parsers of the ingest paths: one a media type, all bounded, all returning a `Body`.

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
    read_text,
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
        # A record of a format that the path names is judged by that format alone.
        is_named = "format_name" in parser_context["kwargs"]
        return self.read(text, may_be_own=not is_named)


class LogsNDJSONParser(LogsJSONParser):
    media_type = "application/x-ndjson"
    read = staticmethod(read_ndjson)


class LogsJSONLinesParser(LogsNDJSONParser):
    media_type = "application/jsonl"


class LogsTextParser(LogsJSONParser):
    """Lines of a tool's own log. Only with a key: a page of a foreign site can send text."""

    media_type = "text/plain"
    read = staticmethod(read_text)


PARSERS = [LogsJSONParser, LogsNDJSONParser, LogsJSONLinesParser, LogsTextParser]


class LogsNegotiation(DefaultContentNegotiation):
    """Names the media types that are accepted where a body has another, or none."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser:
        parsers = list(parsers)
        parser = super().select_parser(request, parsers)
        if parser is None or (isinstance(parser, LogsTextParser) and request.auth is None):
            types = [one.media_type for one in parsers if not isinstance(one, LogsTextParser)]
            with_key = ", or text/plain with a key" if len(types) < len(parsers) else ""
            sent = f"is {request.content_type[:100]}" if request.content_type else "is missing"
            taken = f"it takes one of {', '.join(types)}{with_key}"
            raise UnknownMediaType(f"Content-Type {sent}; {taken}.")
        return parser
