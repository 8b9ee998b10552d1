"""Permission classes. The default asks for a person; every exception is declared on its view."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from users.authentication import Machine
from users.models import Scope


class IsPerson(BasePermission):
    """Any signed-in person, of whatever role. Keys are machines and do not pass."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(getattr(request.user, "is_person", False) and request.user.is_active)


class IsAdmin(IsPerson):
    message = "Only admins may do this."

    def has_permission(self, request: Request, view: Any) -> bool:
        return super().has_permission(request, view) and bool(
            getattr(request.user, "is_admin", False)
        )


class HasScope(BasePermission):
    """A machine whose key has the view's scope."""

    scope: Scope

    def has_permission(self, request: Request, view: Any) -> bool:
        user = request.user
        return isinstance(user, Machine) and self.scope in user.key.scopes


class MayPostEvents(HasScope):
    message = "This key has no scope post_events."
    scope = Scope.POST_EVENTS


class MayPostLogs(HasScope):
    message = "This key has no scope post_logs."
    scope = Scope.POST_LOGS
