"""Read settings from the environment; a bad value is an error that names its variable."""

from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured


class Env(environ.Env):
    """django-environ, with `ImproperlyConfigured` instead of a bare `ValueError`."""

    def get_value(self, var: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().get_value(var, *args, **kwargs)
        except (ValueError, TypeError) as exc:
            raise ImproperlyConfigured(f"{var} has a value that cannot be read.") from exc
