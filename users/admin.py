"""Accounts and keys in the console."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from rest_framework_api_key.models import APIKey
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from config.console import console_site
from config.pagination import CappedPaginator
from users.audit import who_of
from users.console import change_own_password
from users.models import AuditEntry, Key, User
from users.services import audited_password, create_key, delete_user, revoke_key, save_user
from users.sign_in import SignInForm

# Roles take the place of groups, `Key` that of the library's own key; tokens are nobody's to edit.
for model in (Group, APIKey, BlacklistedToken, OutstandingToken):
    admin.site.unregister(model)

admin.site.login_form = SignInForm

# In place of Django's own, which leaves no trace.
console_site().register_page("password_change/", change_own_password, name="password_change")


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    list_display = ("username", "email", "role", "is_superuser", "is_active", "last_login")
    list_filter = ("role", "is_active")
    search_fields = ("username", "email", "first_name", "last_name")
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password", "role", "is_active")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("username", "role", "usable_password", "password1", "password2"),
            },
        ),
    )
    readonly_fields = ("last_login", "date_joined")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        # Who removes or demotes others stays: a node cannot lose its last admin here.
        own = ("role", "is_active") if obj is not None and obj.pk == request.user.pk else ()
        return (*super().get_readonly_fields(request, obj), *own)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return (
            super().has_delete_permission(request, obj)
            and _may_touch(request, obj)
            and (obj is None or obj.pk != request.user.pk)
        )

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        # The bulk delete would not ask `has_delete_permission` for each account.
        return {}

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        save_user(obj, by=who_of(request))

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        delete_user(obj, by=who_of(request))

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:  # noqa: A002
        user = self.get_object(request, unquote(id))
        with audited_password(user, by=who_of(request)):
            return super().user_change_password(request, id, form_url)


def _may_touch(request: HttpRequest, user: User | None) -> bool:
    """Only superusers may change or delete the account of a superuser."""
    return user is None or not user.is_superuser or request.user.is_superuser


@admin.register(Key)
class KeyAdmin(admin.ModelAdmin):
    list_display = (
        "prefix",
        "name",
        "host",
        "can_post_events",
        "can_post_logs",
        "created",
        "created_by",
        "expiry_date",
        "revoked",
    )
    list_filter = ("revoked", "can_post_events", "can_post_logs")
    search_fields = ("name", "prefix", "host")
    fields = ("name", "can_post_events", "can_post_logs", "host", "expiry_date", "revoked")
    actions = ("revoke",)

    def get_readonly_fields(self, request: HttpRequest, obj: Key | None = None) -> tuple[str, ...]:
        return ("revoked",) if obj is None else (*self.fields[:-1], *(["revoked"] * obj.revoked))

    def has_delete_permission(self, request: HttpRequest, obj: Key | None = None) -> bool:
        # A revoked key stays, so that what it posted can still be told from its name.
        return False

    def save_model(self, request: HttpRequest, obj: Key, form: ModelForm, change: bool) -> None:
        if change:
            if obj.revoked:
                revoke_key(obj, by=who_of(request))
            return
        made, text = create_key(
            name=obj.name,
            scopes=obj.scopes,
            host=obj.host,
            expires_at=obj.expiry_date,
            created_by=who_of(request),
        )
        # The admin goes on with `obj`, to log the addition and to find its page.
        obj.pk, obj.prefix = made.pk, made.prefix
        messages.warning(
            request,
            f"The key of {made.name} is shown only now: {text} — send it as"
            f' "Authorization: Api-Key {text}".',
        )

    @admin.action(description="Revoke selected keys for good", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Key]) -> None:
        count = sum(revoke_key(key, by=who_of(request)) for key in queryset)
        self.message_user(request, f"{count} keys revoked.", messages.SUCCESS)


@admin.register(AuditEntry)
class AuditEntryAdmin(admin.ModelAdmin):
    list_display = ("recorded_at", "person", "deed", "kind", "ref", "name", "door", "address")
    list_filter = ("deed", "kind", "door", "recorded_at")
    search_fields = ("person", "name", "ref", "address")
    show_full_result_count = False
    paginator = CappedPaginator

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
