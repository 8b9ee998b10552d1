"""Events and alerts in the console."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from config.errors import DomainError
from config.pagination import CappedPaginator
from threats.edits import add_event, delete_event, update_event
from threats.models import TRANSITIONS, Alert, AlertChange, Event, Status, severity_rank
from threats.services import acknowledge_alert, change_alert_status, delete_alert, resolve_alert
from users.audit import who_of


@admin.register(Event)
class EventAdmin(admin.ModelAdmin):
    list_display = ("timestamp", "ranked", "event_type", "source_name", "count", "last_seen_at")
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
    def ranked(self, event: Event) -> str:
        return event.severity

    def get_readonly_fields(
        self, request: HttpRequest, obj: Event | None = None
    ) -> tuple[str, ...]:
        return self.readonly_fields if obj is None else (*self.readonly_fields, "dedup_key")

    def save_model(self, request: HttpRequest, obj: Event, form: ModelForm, change: bool) -> None:
        if change:
            changes = {name: form.cleaned_data[name] for name in form.changed_data}
            update_event(obj, by=who_of(request), **changes)
            return
        recorded = add_event(by=who_of(request), **form.cleaned_data)
        # The admin goes on with `obj`, to log the addition and to find its page.
        obj.pk = recorded.event.pk
        if not recorded.is_new:
            messages.info(request, f"Counted as a repeat of event {obj.pk}.")

    def delete_model(self, request: HttpRequest, obj: Event) -> None:
        delete_event(obj, by=who_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> None:
        for event in queryset:
            delete_event(event, by=who_of(request))


class AlertChangeInline(admin.TabularInline):
    model = AlertChange
    verbose_name_plural = "history"
    fields = readonly_fields = ("changed_at", "changed_by", "from_status", "to_status", "note")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class AlertForm(forms.ModelForm):
    note = forms.CharField(
        required=False,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Why the status changes; kept in the history.",
    )

    class Meta:
        model = Alert
        fields = ["status"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        status = self.fields.get("status")
        if isinstance(status, forms.ChoiceField):
            possible = {self.instance.status, *TRANSITIONS[self.instance.status]}
            status.choices = [choice for choice in Status.choices if choice[0] in possible]


@admin.register(Alert)
class AlertAdmin(admin.ModelAdmin):
    form = AlertForm
    list_display = ("created_at", "status", "severity", "event_type", "source_name", "repeats")
    list_filter = ("status", "event__severity", "created_at")
    list_select_related = ("event",)
    search_fields = ("event__source_name", "event__event_type", "event__description")
    readonly_fields = ("event", "created_at")
    inlines = (AlertChangeInline,)
    actions = ("acknowledge", "resolve")
    show_full_result_count = False
    paginator = CappedPaginator

    @admin.display(ordering=severity_rank("event__severity"))
    def severity(self, alert: Alert) -> str:
        return alert.event.severity

    @admin.display(ordering="event__event_type")
    def event_type(self, alert: Alert) -> str:
        return alert.event.event_type

    @admin.display(ordering="event__source_name")
    def source_name(self, alert: Alert) -> str:
        return alert.event.source_name

    @admin.display(ordering="event__count")
    def repeats(self, alert: Alert) -> int:
        return alert.event.count - 1

    def has_add_permission(self, request: HttpRequest) -> bool:
        # Alerts come from events alone.
        return False

    def get_fields(self, request: HttpRequest, obj: Alert | None = None) -> tuple[str, ...]:
        note = ("note",) if self.has_change_permission(request, obj) else ()
        return ("event", "created_at", "status", *note)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except DomainError as exc:
            self.message_user(request, exc.detail, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def save_model(self, request: HttpRequest, obj: Alert, form: ModelForm, change: bool) -> None:
        change_alert_status(
            obj,
            status=form.cleaned_data["status"],
            by=who_of(request),
            note=form.cleaned_data["note"],
        )

    def delete_model(self, request: HttpRequest, obj: Alert) -> None:
        delete_alert(obj, by=who_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        for alert in queryset:
            delete_alert(alert, by=who_of(request))

    @admin.action(description="Acknowledge selected alerts", permissions=["change"])
    def acknowledge(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        self._change_each(request, queryset, acknowledge_alert, "acknowledged")

    @admin.action(description="Resolve selected alerts", permissions=["change"])
    def resolve(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        self._change_each(request, queryset, resolve_alert, "resolved")

    def _change_each(
        self, request: HttpRequest, queryset: QuerySet[Alert], change: Any, done: str
    ) -> None:
        changed = 0
        for alert in queryset:
            try:
                change(alert, by=who_of(request))
                changed += 1
            except DomainError as exc:
                self.message_user(request, exc.detail, messages.ERROR)
        if changed:
            noun = "alert" if changed == 1 else "alerts"
            self.message_user(request, f"{changed} {noun} {done}.", messages.SUCCESS)
