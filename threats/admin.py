"""Events in the console; alerts are in alert_admin.py."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.safestring import SafeString

from config.api.pagination import CappedPaginator
from config.console.lists import StickyFilters, badge
from config.console.moments import show_moment
from threats import alert_admin  # noqa: F401  (registers it)
from threats.edits import add_event, delete_event, update_event
from threats.models import Event, severity_rank
from users.audit.actors import actor_of


@admin.register(Event)
class EventAdmin(StickyFilters):
    audit_kind = "event"
    list_display = (
        "first_seen",
        "severity_badge",
        "event_type",
        "source_name",
        "count",
        "last_seen",
    )
    list_display_links = ("first_seen", "event_type")
    list_per_page = 50
    show_facets = admin.ShowFacets.NEVER
    list_filter = ("severity", "timestamp")
    search_fields = ("source_name", "event_type", "description")
    fields = (
        "source_name",
        "event_type",
        "severity",
        "description",
        "dedup_key",
        "timestamp",
        "count",
        "last_seen_at",
    )
    readonly_fields = ("timestamp", "count", "last_seen_at")
    show_full_result_count = False
    paginator = CappedPaginator

    @admin.display(ordering=severity_rank(), description="severity")
    def severity_badge(self, event: Event) -> SafeString:
        return badge(event.severity, event.get_severity_display())

    @admin.display(ordering="timestamp", description="first seen")
    def first_seen(self, event: Event) -> SafeString | str:
        return show_moment(event.timestamp)

    @admin.display(ordering="last_seen_at", description="last seen")
    def last_seen(self, event: Event) -> SafeString | str:
        return show_moment(event.last_seen_at)

    def get_readonly_fields(
        self, request: HttpRequest, obj: Event | None = None
    ) -> tuple[str, ...]:
        return self.readonly_fields if obj is None else (*self.readonly_fields, "dedup_key")

    def save_model(self, request: HttpRequest, obj: Event, form: ModelForm, change: bool) -> None:
        if change:
            changes = {name: form.cleaned_data[name] for name in form.changed_data}
            update_event(obj, by=actor_of(request), **changes)
            return
        recorded = add_event(by=actor_of(request), **form.cleaned_data)
        # The admin goes on with `obj`, to log the addition and to find its page.
        obj.pk = recorded.event.pk
        if not recorded.is_new:
            messages.info(request, f"Counted as a repeat of event {obj.pk}.")

    def delete_model(self, request: HttpRequest, obj: Event) -> None:
        delete_event(obj, by=actor_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> None:
        for event in queryset:
            delete_event(event, by=actor_of(request))
