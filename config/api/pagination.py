"""Pages: `{count, next, previous, results}`, ten rows unless `?page_size=` asks for more."""

import sys
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import PageNumberPagination as BasePagination
from rest_framework.request import Request


def positive_int(request: Request, name: str, *, default: int, maximum: int | None = None) -> int:
    """Return `?name=` as a whole number from 1 to `maximum`; refuse anything else with 400."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if text.isascii() and text.isdecimal():
        # Python converts no more than 4,300 digits; so many are past the last page in any case.
        number = int(text) if len(text) < 19 else sys.maxsize
        if number >= 1 and (maximum is None or number <= maximum):
            return number
    bound = f"from 1 to {maximum}" if maximum else "from 1 up"
    raise ValidationError({name: [f"Takes a whole number {bound}."]})


class PageNumberPagination(BasePagination):
    """Refuse a page or a page size that is no number with 400; a page past the last is 404."""

    page_size = 10
    page_size_query_param = "page_size"
    max_page_size = 1000

    def get_page_number(self, request: Request, paginator: Any) -> int:
        return positive_int(request, self.page_query_param, default=1)

    def get_page_size(self, request: Request) -> int:
        return positive_int(
            request, "page_size", default=self.page_size, maximum=self.max_page_size
        )


class CappedPaginator(Paginator):
    """The console's pages: counts up to `cap` rows, so that a page costs the same at any size."""

    cap = 10_000

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        if isinstance(rows, QuerySet):
            return rows.order_by().values("pk")[: self.cap].count()
        return len(rows)
