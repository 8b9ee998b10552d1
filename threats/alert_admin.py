"""The queue of alerts in the console, and the page on which a person deals with one."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html
from django.utils.safestring import SafeString

from config.api.errors import DomainError
from config.api.pagination import CappedPaginator
from config.console.lists import StickyFilters, badge
from config.console.moments import show_age
from threats.models import TRANSITIONS, Alert, AlertQuerySet, Status, severity_rank
from threats.services import (
    acknowledge_alert,
    assign_alert,
    change_alert,
    delete_alert,
    resolve_alert,
)
from users.audit.actors import Actor, actor_of
from users.models import User

MAX_NOTE_CHARACTERS = 2_000
MAX_NAMES = 500
MAX_CHANGES_SHOWN = 200
# Cards that other apps add to the page of an alert: functions of the alert.
panels: list[Callable[[Alert], SafeString]] = []


class StatusFilter(admin.SimpleListFilter):
    """What is left to do, unless asked otherwise."""

    title = "status"
    parameter_name = "status__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*Status.choices, ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        for choice in super().choices(changelist):
            yield choice | ({"display": "Unresolved"} if choice["display"] == "All" else {})
            break
        for value, label in self.lookup_choices:
            yield {
                "selected": self.value() == value,
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": label,
            }

    def queryset(self, request: HttpRequest, queryset: AlertQuerySet) -> AlertQuerySet:  # type: ignore[override]
        value = self.value()
        if request.method == "POST":
            # A selected alert may have been resolved meanwhile; the action says so.
            return queryset
        if value is None:
            return queryset.unresolved()
        if value == "all":
            return queryset
        if value not in Status.values:
            raise IncorrectLookupParameters
        return queryset.filter(status=value)


class AssigneeFilter(admin.SimpleListFilter):
    title = "assignee"
    parameter_name = "assignee"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("me", "Me"), ("nobody", "Nobody")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Alert]) -> QuerySet[Alert]:
        names = {"me": request.user.get_username(), "nobody": ""}
        value = self.value()
        return queryset if value is None else queryset.filter(assignee=names.get(value, value))


class AlertActionForm(ActionForm):
    note = forms.CharField(
        required=False,
        max_length=MAX_NOTE_CHARACTERS,
        label="Note",
        widget=forms.TextInput(attrs={"placeholder": "Why; kept in the history"}),
    )


class AlertForm(forms.ModelForm):
    """What a person decides about an alert: a status, an assignee, a note, or several of these."""

    status = forms.ChoiceField(required=False)
    assignee = forms.ChoiceField(required=False)
    note = forms.CharField(
        required=False,
        max_length=MAX_NOTE_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Why; kept in the history.",
    )

    class Meta:
        model = Alert
        fields = ["status", "assignee"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        alert = self.instance
        possible = {alert.status, *TRANSITIONS[alert.status]}
        self.next_statuses = [value for value in Status.values if value in possible]
        self._choices_of("status", [choice for choice in Status.choices if choice[0] in possible])
        active = User.objects.filter(is_active=True).order_by("username")
        names = active.values_list("username", flat=True)[:MAX_NAMES]
        people = sorted({*names, *filter(None, [alert.assignee])})
        self._choices_of("assignee", [("", "Nobody"), *((name, name) for name in people)])

    def _choices_of(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def clean_status(self) -> str:
        return self.cleaned_data["status"] or self.instance.status


@admin.register(Alert)
class AlertAdmin(StickyFilters):
    audit_kind = "alert"
    form = AlertForm
    action_form = AlertActionForm
    list_display = ("severity", "event_summary", "source", "repeats", "age", "state", "assignee")
    list_display_links = ("event_summary",)
    list_filter = (StatusFilter, "event__severity", AssigneeFilter, "created_at")
    list_select_related = ("event",)
    list_per_page = 50
    search_fields = ("event__source_name", "event__event_type", "event__description")
    search_help_text = "Text in source name, event type or description."
    actions = ("acknowledge", "resolve", "assign_to_me")
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = CappedPaginator

    @admin.display(ordering=severity_rank("event__severity"))
    def severity(self, alert: Alert) -> SafeString:
        event = alert.event
        return badge(event.severity, event.get_severity_display())

    @admin.display(ordering="event__event_type", description="event")
    def event_summary(self, alert: Alert) -> SafeString:
        event = alert.event
        return format_html(
            '{}<span class="event-description">{}</span>', event.event_type, event.description[:200]
        )

    @admin.display(ordering="event__source_name")
    def source(self, alert: Alert) -> str:
        return alert.event.source_name

    @admin.display(ordering="event__count")
    def repeats(self, alert: Alert) -> int:
        return alert.event.count - 1

    @admin.display(ordering="-created_at")
    def age(self, alert: Alert) -> SafeString:
        age = show_age(alert.created_at)
        return format_html('<span class="nowrap" title="{}">{}</span>', alert.created_at, age)

    @admin.display(ordering="status", description="status")
    def state(self, alert: Alert) -> SafeString:
        return badge(alert.status, alert.get_status_display())

    def get_ordering(self, request: HttpRequest) -> Any:
        """Open first, then the worst, then the oldest; what is resolved too, newest first."""
        if request.GET.get(StatusFilter.parameter_name) in (Status.RESOLVED, "all"):
            return ("-created_at", "-pk")
        open_first = Case(
            When(status=Status.OPEN, then=Value(0)), default=1, output_field=IntegerField()
        )
        return (open_first.asc(), severity_rank("event__severity").desc(), "created_at", "pk")

    def has_add_permission(self, request: HttpRequest) -> bool:
        # Alerts come from events alone.
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Alert]:
        return super().get_queryset(request).select_related("event")

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except DomainError as exc:
            self.message_user(request, exc.detail, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        alert = context["original"]
        context |= {
            "title": alert.event.event_type,
            "subtitle": None,
            "alert": alert,
            "changes": list(alert.changes.order_by("-pk")[:MAX_CHANGES_SHOWN])[::-1],
            "panels": [show(alert) for show in panels],
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Alert, form: ModelForm, change: bool) -> None:
        chosen = form.cleaned_data
        # A note alone is one on the status that it has.
        is_status = "status" in request.POST or "assignee" not in form.changed_data
        change_alert(
            obj,
            by=actor_of(request),
            status=chosen["status"] if is_status else "",
            assignee=chosen["assignee"] if "assignee" in request.POST else None,
            note=chosen["note"],
        )

    def response_change(self, request: HttpRequest, obj: Alert) -> HttpResponse:
        self.message_user(request, f"Alert {obj.pk} is saved.", messages.SUCCESS)
        return HttpResponseRedirect(request.get_full_path())

    def delete_model(self, request: HttpRequest, obj: Alert) -> None:
        delete_alert(obj, by=actor_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        for alert in queryset:
            delete_alert(alert, by=actor_of(request))

    @admin.action(description="Acknowledge", permissions=["change"])
    def acknowledge(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        self._change_each(request, queryset, acknowledge_alert, "acknowledged")

    @admin.action(description="Resolve", permissions=["change"])
    def resolve(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        self._change_each(request, queryset, resolve_alert, "resolved")

    @admin.action(description="Assign to me", permissions=["change"])
    def assign_to_me(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        def assign(alert: Alert, *, by: Actor, note: str) -> Alert:
            return assign_alert(alert, assignee=by.name, by=by, note=note)

        self._change_each(request, queryset, assign, "assigned to you")

    def _change_each(
        self, request: HttpRequest, queryset: QuerySet[Alert], change: Any, done: str
    ) -> None:
        note = request.POST.get("note", "")[:MAX_NOTE_CHARACTERS]
        changed = 0
        for alert in queryset.order_by("pk"):
            try:
                change(alert, by=actor_of(request), note=note)
                changed += 1
            except DomainError as exc:
                self.message_user(request, exc.detail, messages.ERROR)
        if changed:
            noun = "alert" if changed == 1 else "alerts"
            self.message_user(request, f"{changed} {noun} {done}.", messages.SUCCESS)
