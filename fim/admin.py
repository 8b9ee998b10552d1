"""Logs and day counts in the console: to read and, for admins, to delete; agents alone write."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from config.console import console_site
from config.pagination import CappedPaginator
from fim.models import DayCount, FimLog, RawRecord
from fim.overview import views as overview
from fim.services import delete_logs
from fim.subjects import search_logs
from users.audit import who_of

site = console_site()
site.first_page = overview.show_overview
site.register_page("overview/state/", overview.show_state, name="overview_state")
site.register_page("overview/trend/", overview.show_trend, name="overview_trend")
site.register_page("overview/busiest/", overview.show_busiest, name="overview_busiest")


class ReadOnlyAdmin(admin.ModelAdmin):
    show_full_result_count = False
    paginator = CappedPaginator

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(FimLog)
class FimLogAdmin(ReadOnlyAdmin):
    list_display = ("timestamp", "category", "host", "action", "path", "user", "process", "rule")
    list_filter = ("category", "action", "timestamp")
    search_fields = ("path", "user", "process")
    search_help_text = "Text in path, user or process."
    readonly_fields = ("raw",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[FimLog], search_term: str
    ) -> tuple[QuerySet[FimLog], bool]:
        return (search_logs(queryset, search_term) if search_term else queryset), False

    @admin.display(description="record as the tool sent it")
    def raw(self, log: FimLog) -> str:
        record = RawRecord.objects.filter(log=log).first()
        return format_html("<pre>{}</pre>", record.text) if record else "-"

    def delete_model(self, request: HttpRequest, obj: FimLog) -> None:
        delete_logs([obj.pk], by=who_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[FimLog]) -> None:
        delete_logs(queryset.values_list("pk", flat=True), by=who_of(request))


@admin.register(DayCount)
class DayCountAdmin(ReadOnlyAdmin):
    list_display = ("day", "host", "category", "count")
    list_filter = ("category", "day")
    search_fields = ("host",)
    ordering = ("-day", "host", "category")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
