"""The console's own site: its name, what the first page says, and what odd input is answered."""

import logging
from functools import update_wrapper
from http import HTTPStatus
from typing import Any

from django.contrib.admin import AdminSite
from django.core.exceptions import BadRequest
from django.db import DataError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from config.errors import StorageUnavailable

logger = logging.getLogger(__name__)


class Console(AdminSite):
    site_header = "Picket"
    site_title = "Picket"
    index_title = "Console"
    # The node's first page is the console itself.
    site_url = None

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Wrap a page so that what the database cannot take, or cannot take now, is an answer.

        Django's pages hand query parameters to the database as they are: NULs, ids that are no
        numbers, moments beyond the calendar.
        """

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                return view(request, *args, **kwargs)
            except (DataError, OverflowError, ValueError) as exc:
                logger.warning("the console refused a value", exc_info=exc)
                raise BadRequest("A value is not valid.") from exc
            except OperationalError as exc:
                logger.error("database unavailable", exc_info=exc)
                return HttpResponse(
                    StorageUnavailable.detail, status=HTTPStatus.SERVICE_UNAVAILABLE
                )

        return super().admin_view(update_wrapper(guarded, view), cacheable)
