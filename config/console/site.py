"""The console's own site: its pages, its navigation, and its answers to invalid input."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import update_wrapper
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin import AdminSite
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import DataError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import path, reverse

from config import VERSION
from config.api.errors import StorageUnavailable

logger = logging.getLogger(__name__)

# In which order models stand in the navigation; one that is not named here comes last.
ORDER = (
    "threats.Alert",
    "fim.FimLog",
    "threats.Event",
    "fim.Host",
    "fim.DayCount",
    "users.Key",
    "users.User",
)

View = Callable[..., HttpResponseBase]


@dataclass(frozen=True, slots=True)
class Link:
    """One entry of the navigation."""

    name: str
    url: str
    is_current: bool


class Console(AdminSite):
    site_header = "Picket"
    site_title = "Picket"
    index_title = "Overview"
    # The node's first page is the console itself.
    site_url = None
    # Picket's own navigation stands in its place; see templates/admin/base_site.html.
    enable_nav_sidebar = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.first_page: Callable[[HttpRequest], TemplateResponse] | None = None
        self._pages: list[tuple[str, View, str]] = []

    def register_page(self, route: str, view: View, *, name: str) -> None:
        """Serve a page that belongs to no model, below /admin/, to people who may enter.

        Its url is `reverse("admin:NAME")`. The app whose page it is calls this in its admin.py.
        """
        self._pages.append((route, view, name))

    def get_urls(self) -> list[Any]:
        pages = [path(route, self.admin_view(view), name=name) for route, view, name in self._pages]
        return [*pages, *super().get_urls()]

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        if self.first_page is None:
            return super().index(request, extra_context)
        return self.first_page(request)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().each_context(request)
        return context | {
            "navigation": _links(context["available_apps"], request.path),
            "node_name": settings.NODE_NAME,
            "node_zone": settings.TIME_ZONE,
            "version": VERSION,
        }

    def has_permission(self, request: HttpRequest) -> bool:
        """Whoever may see something may enter. `login` tells the others why they may not."""
        return super().has_permission(request) and bool(request.user.get_all_permissions())

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.user.is_authenticated and not self.has_permission(request):
            return self.refuse(
                request,
                HTTPStatus.FORBIDDEN,
                "You have no rights here",
                f"You are signed in as {request.user.get_username()}, but your account has no"
                " rights on this node. Ask an admin to give it a role.",
            )
        return super().login(request, {"title": "Sign in", **(extra_context or {})})

    def refuse(
        self, request: HttpRequest, status: HTTPStatus, title: str, reason: str
    ) -> HttpResponse:
        """Answer with a page of the console that says what is not possible, and why."""
        context = {**self.each_context(request), "title": title, "reason": reason}
        return render(request, "console/refusal.html", context, status=status)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Wrap a page so that what is refused, and what the database cannot take, is an answer.

        Django hands query parameters to the database as they are, and PostgreSQL takes no NUL. Who
        reads another value that may be wrong raises BadRequest; any other error is a bug, a 500.
        """

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                return view(request, *args, **kwargs)
            except PermissionDenied:
                role = getattr(request.user, "effective_role", "")
                reason = f"Your role, {role}, may not do this. Ask an admin to do it for you."
                return self.refuse(request, HTTPStatus.FORBIDDEN, "Not for your role", reason)
            except Http404:
                reason = f"There is no {request.path} here; it may have been deleted."
                return self.refuse(request, HTTPStatus.NOT_FOUND, "Not found", reason)
            except (DataError, BadRequest) as exc:
                logger.warning("the console refused a value", exc_info=exc)
                reason = "A value in the address or in the form is not valid."
                return self.refuse(request, HTTPStatus.BAD_REQUEST, "Not valid", reason)
            except OperationalError as exc:
                logger.error("database unavailable", exc_info=exc)
                return HttpResponse(
                    StorageUnavailable.detail, status=HTTPStatus.SERVICE_UNAVAILABLE
                )

        return super().admin_view(update_wrapper(guarded, view), cacheable)


def refuse_forged_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose CSRF token is not valid (Django's CSRF_FAILURE_VIEW)."""
    return console_site().refuse(
        request,
        HTTPStatus.FORBIDDEN,
        "The form was not accepted",
        "It is too old, or cookies are off. Go back, load the page again, and send it once more.",
    )


def console_site() -> Console:
    """Return the console, which Django knows as its default admin site."""
    site = admin.site
    assert isinstance(site, Console)
    return site


def _links(apps: list[Any], path: str) -> list[Link]:
    models = [
        (f"{app['app_label']}.{model['object_name']}", model)
        for app in apps
        for model in app["models"]
        if model["admin_url"]
    ]
    models.sort(key=lambda found: ORDER.index(found[0]) if found[0] in ORDER else len(ORDER))
    overview = reverse("admin:index")
    return [
        Link("Overview", overview, path == overview),
        *(
            Link(str(model["name"]), model["admin_url"], path.startswith(model["admin_url"]))
            for _, model in models
        ),
    ]
