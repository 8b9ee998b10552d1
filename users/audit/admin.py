"""The audit list in the console: to read, and for nobody to change."""

import json
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from config.api.pagination import CappedPaginator
from config.console.lists import StickyFilters
from config.console.moments import show_moment
from users.models import AuditAction, AuditEntry, Kind

# The kinds of things to whose page in the console an entry links.
PAGES = {
    Kind.ALERT: "admin:threats_alert_change",
    Kind.EVENT: "admin:threats_event_change",
    Kind.USER: "admin:users_user_change",
}
MAX_SHOWN_CHARACTERS = 120
ABSENT = "-"


@admin.register(AuditEntry)
class AuditEntryAdmin(StickyFilters):
    list_display = ("recorded", "person", "action", "thing", "changed", "channel", "address")
    list_filter = ("action", "kind", "channel", "recorded_at")
    search_fields = ("person", "name", "ref", "address")
    search_help_text = "Text in person, name or id of a thing, or address."
    fields = readonly_fields = (
        "recorded",
        "person",
        "channel",
        "address",
        "action",
        "thing",
        "values",
    )
    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = CappedPaginator

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="when", ordering="pk")
    def recorded(self, entry: AuditEntry) -> SafeString | str:
        return show_moment(entry.recorded_at)

    @admin.display(description="to what")
    def thing(self, entry: AuditEntry) -> SafeString | str:
        named = f"{entry.get_kind_display()} {entry.ref} {entry.name}".replace("  ", " ").strip()
        page = PAGES.get(Kind(entry.kind)) if entry.kind in Kind.values else None
        if page and entry.ref and entry.action != AuditAction.DELETED:
            return format_html('<a href="{}">{}</a>', reverse(page, args=[entry.ref]), named)
        return named

    @admin.display(description="before and after")
    def changed(self, entry: AuditEntry) -> str:
        text = "; ".join(_describe(*value) for value in _rows_of(entry))
        return text[:MAX_SHOWN_CHARACTERS] + "…" * (len(text) > MAX_SHOWN_CHARACTERS)

    @admin.display(description="before and after")
    def values(self, entry: AuditEntry) -> SafeString | str:
        rows = format_html_join(
            "",
            '<tr><th scope="row">{}</th><td class="mono">{}</td><td class="mono">{}</td></tr>',
            _rows_of(entry),
        )
        head = "<thead><tr><th></th><th>Before</th><th>After</th></tr></thead>"
        table = '<div class="scroll"><table class="plain">{}<tbody>{}</tbody></table></div>'
        return format_html(table, SafeString(head), rows) if rows else "-"


def _describe(name: str, before: str, after: str) -> str:
    values = [value for value in (before, after) if value != ABSENT]
    return f"{name}: {' → '.join(values)}"


def _rows_of(entry: AuditEntry) -> list[tuple[str, str, str]]:
    names = sorted({*entry.before, *entry.after})
    return [(name, _shown(entry.before, name), _shown(entry.after, name)) for name in names]


def _shown(values: dict[str, Any], name: str) -> str:
    if name not in values:
        return ABSENT
    value = values[name]
    if isinstance(value, str):
        return value or "(empty)"
    return json.dumps(value, ensure_ascii=False)
