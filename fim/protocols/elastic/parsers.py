"""DRF parsers of `_bulk`: bounded, and none for what a foreign page can send unasked."""

from collections.abc import Iterable, Sequence
from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from fim.ingest.body import UnknownMediaType
from fim.ingest.parsers import LogsJSONParser
from fim.protocols.elastic.bulk import read_bulk


class BulkParser(LogsJSONParser):
    """Beats call their lines `application/json`."""

    media_type = "application/json"

    def read(self, text: bytes, *, may_be_own: bool) -> Any:  # type: ignore[override]
        return read_bulk(text)


class BulkNDJSONParser(BulkParser):
    media_type = "application/x-ndjson"


class CompatibleBulkParser(BulkParser):
    """With `;compatible-with=8`, which the client libraries of version 8 send."""

    media_type = "application/vnd.elasticsearch+json"


class CompatibleBulkNDJSONParser(BulkParser):
    media_type = "application/vnd.elasticsearch+x-ndjson"


PARSERS = [BulkParser, BulkNDJSONParser, CompatibleBulkParser, CompatibleBulkNDJSONParser]


class ElasticNegotiation(DefaultContentNegotiation):
    """Answers in JSON whatever is accepted: clients ask for Elasticsearch's own media types."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser:
        parser = super().select_parser(request, parsers)
        if parser is None:
            taken = ", ".join(parser.media_type for parser in PARSERS)
            raise UnknownMediaType(f"Content-Type takes one of {taken}.")
        return parser

    def select_renderer(
        self,
        request: Request,
        renderers: Sequence[BaseRenderer],  # type: ignore[override]
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], str(renderers[0].media_type)
