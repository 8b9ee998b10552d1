"""Lists of the console that remember their filters for a session."""

from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import BadRequest, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html
from django.utils.safestring import SafeString

CLEAR = "clear"
# Of one page of a list, or of one visit; not what a person chose to see.
TRANSIENT_PARAMETERS = frozenset(
    {"p", "e", "page", "cursor", "_popup", "_to_field", "_changelist_filters"}
)
MAX_REMEMBERED_CHARACTERS = 1_000


def badge(name: str, text: str) -> SafeString:
    """Return a word as a badge; a category, severity, status or state decides its colour."""
    return format_html('<span class="badge {}">{}</span>', name, text)


def restore_filters(request: HttpRequest) -> HttpResponse | None:
    """Keep the filters of a list for the session; redirect to them where none are given.

    Returns the redirect, or nothing where the list is to be shown as it was asked for. A link of
    the navigation names no filters and so leads to those of the last visit; `?clear=1` drops them.
    """
    name = f"filters:{request.path}"
    if CLEAR in request.GET:
        request.session.pop(name, None)
        return HttpResponseRedirect(request.path)
    if not request.GET:
        kept = request.session.get(name)
        return HttpResponseRedirect(f"{request.path}?{kept}") if kept else None
    chosen = [
        (key, value)
        for key, value in parse_qsl(request.META.get("QUERY_STRING", ""))
        if key not in TRANSIENT_PARAMETERS
    ]
    text = urlencode(chosen)
    if len(text) <= MAX_REMEMBERED_CHARACTERS and text != request.session.get(name, ""):
        request.session[name] = text
    return None


class StickyChangeList(ChangeList):
    """Makes links to the list without filters clear the remembered ones."""

    clear_url = f"?{CLEAR}=1"

    def get_results(self, request: HttpRequest) -> None:
        """Run the first query with the filters' values; refuse moments beyond the calendar."""
        try:
            super().get_results(request)
        except OverflowError as exc:
            raise BadRequest("A filter has a value that the database cannot take.") from exc

    def get_query_string(self, *args: Any, **kwargs: Any) -> str:
        text = super().get_query_string(*args, **kwargs)
        return self.clear_url if text == "?" else text


class CheckedActions(admin.ModelAdmin):
    """Actions that refuse what is no id: Django looks up the selected ids unchecked."""

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Any], *args: Any
    ) -> HttpResponse | None:
        for text in request.POST.getlist(ACTION_CHECKBOX_NAME):
            try:
                self.opts.pk.clean(text, None)
            except ValidationError as exc:
                raise BadRequest(f"{text[:100]!r} is no id.") from exc
        return super().response_action(request, queryset, *args)


class StickyFilters(CheckedActions):
    """A list whose filters stay for the session."""

    # The kind of these objects in the audit list; empty where they are never changed.
    audit_kind = ""

    def audit_ref(self, thing: Any) -> str:
        """Return the id of an object in the audit list."""
        return str(thing.pk)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if thing := context.get("original"):
            context |= {"audit_kind": self.audit_kind, "audit_ref": self.audit_ref(thing)}
        return super().render_change_form(request, context, *args, **kwargs)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:  # type: ignore[override]
        """Write nothing: the audit list has more; so do the next two."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:  # type: ignore[override]
        pass

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:  # type: ignore[override]
        pass

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return StickyChangeList

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method == "GET" and (redirect := restore_filters(request)):
            return redirect
        title = {"title": str(self.opts.verbose_name_plural).capitalize()}
        return super().changelist_view(request, title | (extra_context or {}))
