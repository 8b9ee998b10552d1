"""What fim brings to the console: the overview, lists and pages, and day counts."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from config.api.pagination import CappedPaginator
from config.console.site import console_site
from fim.console import hosts, logs  # noqa: F401  (register their pages)
from fim.console.alert_logs import show_logs_of_alert
from fim.console.overview import views as overview
from fim.models import DayCount
from threats import alert_admin

site = console_site()
site.first_page = overview.show_overview
site.register_page("overview/state/", overview.show_state, name="overview_state")
site.register_page("overview/trend/", overview.show_trend, name="overview_trend")
site.register_page("overview/busiest/", overview.show_busiest, name="overview_busiest")
alert_admin.panels.append(show_logs_of_alert)


class ReadOnlyAdmin(admin.ModelAdmin):
    show_full_result_count = False
    paginator = CappedPaginator

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(DayCount)
class DayCountAdmin(ReadOnlyAdmin):
    list_display = ("day", "host", "category", "count")
    list_filter = ("category", "day")
    search_fields = ("host",)
    ordering = ("-day", "host", "category")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
