"""Password sign-in, with permissions read from the role."""

from typing import Any

from django.contrib.auth.backends import ModelBackend

from users.models import User
from users.roles import ROLE_PERMISSIONS


class RoleBackend(ModelBackend):
    """Grant what `ROLE_PERMISSIONS` says; superusers pass every check in `User.has_perm`."""

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        if not isinstance(user_obj, User) or not user_obj.is_active or obj is not None:
            return set()
        return set(ROLE_PERMISSIONS[user_obj.effective_role])
