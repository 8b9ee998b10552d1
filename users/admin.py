"""Accounts in the console; keys and the audit list bring their own pages."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from rest_framework_api_key.models import APIKey
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from config.console.lists import StickyFilters, badge
from config.console.moments import show_moment
from config.console.site import console_site
from users.audit import admin as audit_admin  # noqa: F401  (registers its pages)
from users.audit.actors import actor_of
from users.console import change_own_password, unlock_person
from users.keys import admin as keys_admin  # noqa: F401  (registers its pages)
from users.models import User
from users.services import audited_password, delete_user, save_user
from users.sign_in.lockouts import list_lockouts
from users.sign_in.services import SignInForm

# Roles replace groups, `Key` the library's own key; tokens are not to be edited.
for model in (Group, APIKey, BlacklistedToken, OutstandingToken):
    admin.site.unregister(model)

admin.site.login_form = SignInForm

# In place of Django's own, which leaves no trace.
console_site().register_page("password_change/", change_own_password, name="password_change")
console_site().register_page("lockouts/unlock/", unlock_person, name="unlock")


@admin.register(User)
class UserAdmin(StickyFilters, DjangoUserAdmin):
    audit_kind = "user"
    list_display = ("username", "email", "role_name", "state", "last_sign_in")
    show_facets = admin.ShowFacets.NEVER
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

    @admin.display(ordering="role", description="role")
    def role_name(self, user: User) -> str:
        return "Superuser" if user.is_superuser else user.get_role_display()

    @admin.display(ordering="is_active")
    def state(self, user: User) -> SafeString:
        return badge("alive", "Active") if user.is_active else badge("silent", "Not active")

    @admin.display(ordering="last_login", description="last sign-in")
    def last_sign_in(self, user: User) -> SafeString | str:
        return show_moment(user.last_login)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        lockouts = list_lockouts() if self.has_change_permission(request) else []
        return super().changelist_view(request, {"lockouts": lockouts} | (extra_context or {}))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        # Who removes or demotes others stays: a node cannot lose its last admin here.
        own = ("role", "is_active") if obj is not None and obj.pk == request.user.pk else ()
        return (*super().get_readonly_fields(request, obj), *own)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and _may_edit(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return (
            super().has_delete_permission(request, obj)
            and _may_edit(request, obj)
            and (obj is None or obj.pk != request.user.pk)
        )

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        # The bulk delete would not ask `has_delete_permission` for each account.
        return {}

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        save_user(obj, by=actor_of(request))

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        delete_user(obj, by=actor_of(request))

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:  # noqa: A002
        user = self.get_object(request, unquote(id))
        with audited_password(user, by=actor_of(request)):
            return super().user_change_password(request, id, form_url)


def _may_edit(request: HttpRequest, user: User | None) -> bool:
    """Only superusers may change or delete the account of a superuser."""
    return user is None or not user.is_superuser or request.user.is_superuser
