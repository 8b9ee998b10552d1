"""Logs in the console: to find, to read whole, and, for admins, to delete; agents alone write."""

import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from config.api.pagination import CappedPaginator
from config.console.lists import CheckedActions, restore_filters
from fim.console.alert_logs import key_of
from fim.console.log_list import SAMPLED_LOGS, LogList
from fim.console.same_path import logs_of_same_path
from fim.models import FimLog, RawRecord
from fim.store.deletes import delete_logs
from fim.store.search import MAX_SCANNED_LOGS
from fim.store.write import EVENT_SEVERITIES
from threats.models import Alert
from users.audit.actors import actor_of

MAX_DIFF_LINES = 2_000
MARKS_OF_DIFF = {"+": "added", "-": "removed", "@": "place"}


@admin.register(FimLog)
class FimLogAdmin(CheckedActions):
    search_fields = ("path", "user", "process")
    show_full_result_count = False
    paginator = CappedPaginator
    change_form_template = "fim/logs/log.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list; a POST is Django's own action that deletes the selected logs."""
        if request.method != "GET" or not self.has_view_permission(request):
            return super().changelist_view(request, extra_context)
        return restore_filters(request) or self._show_list(request)

    def _show_list(self, request: HttpRequest) -> HttpResponse:
        logs = LogList(request.GET.dict())
        export = reverse("export")
        context = {
            **self.admin_site.each_context(request),
            "title": "Logs",
            "opts": self.opts,
            "list": logs,
            "facets": logs.facets(),
            "days": logs.days(),
            "exports": [
                (name.upper(), logs.export_url(export, name)) for name in ("csv", "ndjson")
            ],
            "sampled": SAMPLED_LOGS,
            "scanned": MAX_SCANNED_LOGS,
            "may_delete": self.has_delete_permission(request),
        }
        return TemplateResponse(request, "fim/logs/list.html", context)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        log: FimLog = context["original"]
        context |= {"title": log.file_name, "subtitle": None, "log": log, **_read_whole(log)}
        return super().render_change_form(request, context, *args, **kwargs)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:  # type: ignore[override]
        """Leave it to the audit list."""

    def delete_model(self, request: HttpRequest, obj: FimLog) -> None:
        delete_logs([obj.pk], by=actor_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[FimLog]) -> None:
        delete_logs(queryset.values_list("pk", flat=True), by=actor_of(request))


def _read_whole(log: FimLog) -> dict[str, Any]:
    """Return what the page of a log shows beside its fields."""
    attributes = dict(log.attributes)
    diff = attributes.pop("diff", "")
    is_text = isinstance(diff, str)
    record = RawRecord.objects.filter(log=log).first()
    return {
        "attributes": _readable(attributes),
        "diff": _lines_of_diff(diff if is_text else json.dumps(diff, indent=2)),
        "raw": record.text if record else "",
        "same_path": logs_of_same_path(log),
        "alert": _unresolved_alert_of(log),
    }


def _readable(attributes: dict[str, Any]) -> list[tuple[str, str]]:
    """Return attributes as texts: lists of words as such, the nested ones as JSON."""
    return [(name.replace("_", " "), _text(value)) for name, value in sorted(attributes.items())]


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(each, str | int) for each in value):
        return ", ".join(map(str, value))
    return json.dumps(value, ensure_ascii=False, indent=1)


def _lines_of_diff(diff: str) -> list[tuple[str, str]]:
    lines = diff.splitlines()[:MAX_DIFF_LINES]
    return [("head" if _is_head(line) else MARKS_OF_DIFF.get(line[:1], ""), line) for line in lines]


def _is_head(line: str) -> bool:
    return line.startswith(("+++ ", "--- "))


def _unresolved_alert_of(log: FimLog) -> Alert | None:
    if log.category not in EVENT_SEVERITIES:
        return None
    return Alert.objects.unresolved().filter(dedup_key=key_of(log)).first()
