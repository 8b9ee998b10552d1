"""The console's own site: its name, what the first page says, and what odd input is answered."""

from functools import update_wrapper
from typing import Any

from django.contrib.admin import AdminSite
from django.core.exceptions import BadRequest
from django.db import DataError
from django.http import HttpRequest, HttpResponseBase


class Console(AdminSite):
    site_header = "Picket"
    site_title = "Picket"
    index_title = "Console"
    # The node's first page is the console itself.
    site_url = None

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Wrap a page so that a value that PostgreSQL cannot hold, such as NUL, is a 400."""

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                return view(request, *args, **kwargs)
            except DataError as exc:
                raise BadRequest("A value is not valid.") from exc

        return super().admin_view(update_wrapper(guarded, view), cacheable)
