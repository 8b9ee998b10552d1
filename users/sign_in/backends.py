"""Password sign-in, with permissions read from the role."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from users.models import User
from users.roles import ROLE_PERMISSIONS


class RoleBackend(ModelBackend):
    """Grant what `ROLE_PERMISSIONS` says; superusers pass every check in `User.has_perm`.

    Where a right password is refused since the account is deactivated, the request's
    `is_deactivated` is true: the owner may know it, and nobody else learns that the account exists.
    """

    def authenticate(self, request: HttpRequest | None, *args: Any, **kwargs: Any) -> Any:
        # A backend is made for each call of Django's `authenticate`.
        self.is_deactivated = False
        user = super().authenticate(request, *args, **kwargs)
        if request is not None:
            request.is_deactivated = self.is_deactivated  # type: ignore[attr-defined]
        return user

    def user_can_authenticate(self, user: Any) -> bool:
        # Asked once the password was right.
        self.is_deactivated = not super().user_can_authenticate(user)
        return not self.is_deactivated

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        if not isinstance(user_obj, User) or not user_obj.is_active or obj is not None:
            return set()
        return set(ROLE_PERMISSIONS[user_obj.effective_role])
