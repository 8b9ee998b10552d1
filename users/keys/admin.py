"""Keys of machines in the console: made, shown once, revoked."""

import json
import shlex
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from config.console.lists import StickyChangeList, StickyFilters, badge
from config.console.moments import show_moment
from users.audit.actors import actor_of
from users.keys.services import create_key, revoke_key
from users.models import Key, Scope

# Of each scope, a request to try a key with: its path and its body.
EXAMPLE_REQUESTS: dict[str, tuple[str, dict[str, str]]] = {
    Scope.POST_EVENTS: (
        "api/events/",
        {"source_name": "trial", "event_type": "trial", "severity": "LOW"},
    ),
    Scope.POST_LOGS: ("api/ingest/fim/", {"path": "/tmp/trial", "action": "created"}),  # noqa: S108
}


class KeyForm(forms.ModelForm):
    class Meta:
        model = Key
        fields = ["name", "can_post_events", "can_post_logs", "host", "expiry_date", "revoked"]
        help_texts = {
            "name": "What the key is for, such as the host's name; at most 50 characters.",
            "expiry_date": "From then on what posts with it is refused. Empty: it does not end.",
            "revoked": "What posts with it is refused. This cannot be undone.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "expiry_date" in self.fields:
            day, time = self.fields["expiry_date"].widget.widgets
            day.attrs["aria-label"], time.attrs["aria-label"] = "Expires, day", "Expires, time"


class KeyChangeList(StickyChangeList):
    def url_for_result(self, result: Any) -> str:
        return reverse("admin:users_key_change", args=[result.prefix])


@admin.register(Key)
class KeyAdmin(StickyFilters):
    audit_kind = "key"
    list_display = (
        "prefix",
        "name",
        "host",
        "scope_names",
        "created_at",
        "created_by",
        "expires_at",
        "state",
    )
    list_filter = ("revoked", "can_post_events", "can_post_logs")
    search_fields = ("name", "prefix", "host")
    form = KeyForm
    actions = ("revoke",)
    show_facets = admin.ShowFacets.NEVER

    @admin.display(description="scopes")
    def scope_names(self, key: Key) -> str:
        return ", ".join(sorted(key.scopes))

    @admin.display(ordering="created", description="created")
    def created_at(self, key: Key) -> SafeString | str:
        return show_moment(key.created)

    @admin.display(ordering="expiry_date", description="expires")
    def expires_at(self, key: Key) -> SafeString | str:
        return show_moment(key.expiry_date)

    @admin.display(ordering="revoked")
    def state(self, key: Key) -> SafeString:
        if key.revoked:
            return badge("silent", "Revoked")
        is_over = key.expiry_date is not None and key.expiry_date <= timezone.now()
        return badge("late", "Expired") if is_over else badge("alive", "Usable")

    def audit_ref(self, thing: Key) -> str:
        return thing.prefix

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[StickyChangeList]:
        return KeyChangeList

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Key | None:
        """Find a key by its prefix: its id holds its hash, which is no part of an address."""
        return self.get_queryset(request).filter(prefix=object_id).first()

    def get_readonly_fields(self, request: HttpRequest, obj: Key | None = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        made = ("name", "can_post_events", "can_post_logs", "host", "expiry_date")
        return (*made, "revoked") if obj.revoked else made

    def get_fields(self, request: HttpRequest, obj: Key | None = None) -> Any:
        fields = KeyForm.Meta.fields
        return fields[:-1] if obj is None else fields

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        # Saving leads to the page that shows the key, wherever else one might want to go.
        context |= {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().render_change_form(request, context, *args, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Key | None = None) -> bool:
        # A revoked key stays, so that its name still says who posted what it posted.
        return False

    def save_model(self, request: HttpRequest, obj: Key, form: ModelForm, change: bool) -> None:
        if change:
            if obj.revoked:
                revoke_key(obj, by=actor_of(request))
            return
        made, text = create_key(
            name=obj.name,
            scopes=obj.scopes,
            host=obj.host,
            expires_at=obj.expiry_date,
            by=actor_of(request),
        )
        # The admin goes on with `obj`, to log the addition and to find its page.
        obj.pk, obj.prefix = made.pk, made.prefix
        # In this answer alone.
        obj.text = text  # type: ignore[attr-defined]

    def response_add(
        self, request: HttpRequest, obj: Key, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the key on the answer itself: it is in no session, cookie or address."""
        text: str = obj.text  # type: ignore[attr-defined]
        context = {
            **self.admin_site.each_context(request),
            "title": f"Key for {obj.name}",
            "opts": self.opts,
            "key": obj,
            "text": text,
            "commands": [_example_command(request, scope, text) for scope in sorted(obj.scopes)],
        }
        response = TemplateResponse(request, "users/key_made.html", context)
        response["Cache-Control"] = "no-store"
        return response

    @admin.action(description="Revoke selected keys", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Key]) -> HttpResponse | None:
        if "confirm" not in request.POST:
            return self._ask_to_confirm(request, queryset)
        count = sum(revoke_key(key, by=actor_of(request)) for key in queryset)
        noun = "key" if count == 1 else "keys"
        self.message_user(request, f"{count} {noun} revoked.", messages.SUCCESS)
        return None

    def _ask_to_confirm(self, request: HttpRequest, keys: QuerySet[Key]) -> HttpResponse:
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": "Revoke these keys?",
            "opts": self.opts,
            "keys": keys,
            "checkbox_name": helpers.ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "users/revoke_keys.html", context)


def _example_command(request: HttpRequest, scope: str, text: str) -> str:
    """Return a curl command that posts with the key to the address in the browser."""
    path, body = EXAMPLE_REQUESTS[scope]
    parts = ["curl", "-i", "-H", f"Authorization: Api-Key {text}"]
    parts += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
    return shlex.join([*parts, request.build_absolute_uri(f"/{path}")])
