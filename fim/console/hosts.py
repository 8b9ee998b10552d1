"""Hosts in the console: whether their agents are alive, and what each reported last."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from config.api.pagination import CappedPaginator
from config.console.lists import StickyFilters, badge
from config.console.moments import show_age, show_moment
from fim.hosts.services import forget_host
from fim.models import FimLog
from fim.models.hosts import Host, HostQuerySet, State
from threats.models import Alert
from users.audit.actors import actor_of

LOGS_SHOWN = 20
ALERTS_SHOWN = 20
RANGES_SHOWN = 20


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*State.choices, ("blind", "Blind")]

    def queryset(self, request: HttpRequest, queryset: HostQuerySet) -> QuerySet[Host]:  # type: ignore[override]
        now = timezone.now()
        found: dict[str | None, Callable[[], QuerySet[Host]]] = {
            None: lambda: queryset,
            State.ALIVE: lambda: queryset.alive(now),
            State.LATE: lambda: queryset.late(now),
            State.SILENT: lambda: queryset.silent(now),
            State.UNKNOWN: queryset.unknown,
            "blind": lambda: queryset.exclude(blind_since=None),
        }
        if self.value() not in found:
            raise IncorrectLookupParameters
        return found[self.value()]()


@admin.register(Host)
class HostAdmin(StickyFilters):
    list_display = ("name", "condition", "seen", "version", "spool", "blind", "dropped")
    list_filter = (StateFilter,)
    list_per_page = 50
    search_fields = ("name",)
    ordering = ("name",)
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = CappedPaginator
    change_form_template = "fim/hosts/host.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Host]:
        return Host.objects.with_state(timezone.now())

    @admin.display(description="state", ordering="state")
    def condition(self, host: Host) -> SafeString:
        state = State(host.state)  # type: ignore[attr-defined]
        return badge(state.value, str(state.label))

    @admin.display(description="last seen", ordering="last_seen_at")
    def seen(self, host: Host) -> SafeString | str:
        if host.last_seen_at is None:
            return "-"
        age = show_age(host.last_seen_at)
        return format_html(
            '{} <span class="quiet">{} ago</span>', show_moment(host.last_seen_at), age
        )

    @admin.display(description="waiting logs", ordering="spool_depth")
    def spool(self, host: Host) -> str:
        return "-" if host.spool_depth is None else str(host.spool_depth)

    @admin.display(description="blind since", ordering="blind_since")
    def blind(self, host: Host) -> SafeString | str:
        return show_moment(host.blind_since)

    @admin.display(description="dropped logs", ordering="dropped_count")
    def dropped(self, host: Host) -> int:
        return host.dropped_count

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        host: Host = context["original"]
        logs = FimLog.objects.filter(host=host.name).newest()
        alerts = Alert.objects.unresolved().filter(event__source_name=host.name)
        context |= {
            "title": host.name,
            "subtitle": None,
            "host": host,
            "logs": list(logs.defer("full_log", "attributes")[:LOGS_SHOWN]),
            "alerts": list(alerts.select_related("event")[:ALERTS_SHOWN]),
            "ranges": list(host.dropped_ranges.order_by("-first_seq")[:RANGES_SHOWN]),
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def delete_model(self, request: HttpRequest, obj: Host) -> None:
        forget_host(obj, by=actor_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Host]) -> None:
        for host in queryset:
            forget_host(host, by=actor_of(request))
