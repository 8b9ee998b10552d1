"""Read settings from the environment; a bad value is an error that names its variable."""

import builtins
import os
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

TRUE_WORDS = ("true", "on", "yes", "y", "1")
FALSE_WORDS = ("false", "off", "no", "n", "0", "")
DEFAULT_ENV_FILE = Path(__file__).resolve().parent.parent / ".env"


class Env(environ.Env):
    """django-environ, with `ImproperlyConfigured` instead of a bare `ValueError` or a guess."""

    def get_value(self, var: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().get_value(var, *args, **kwargs)
        except (ValueError, TypeError) as exc:
            raise ImproperlyConfigured(f"{var} has a value that cannot be read.") from exc

    def bool(self, var: str, default: Any = environ.Env.NOTSET) -> builtins.bool:
        """Return true or false; django-environ reads any other word, "treu" too, as false."""
        text = self.str(var, default=default)
        if isinstance(text, builtins.bool):
            return text
        if text.lower() not in (*TRUE_WORDS, *FALSE_WORDS):
            raise ImproperlyConfigured(f"{var} is {text!r}; it takes true or false.")
        return text.lower() in TRUE_WORDS

    def str(self, var: str, default: Any = environ.Env.NOTSET, **kwargs: Any) -> Any:
        """Return the text as it is: django-environ reads `$NAME` as another variable's name."""
        return self.ENVIRON[var] if var in self.ENVIRON else super().str(var, default, **kwargs)

    def list(self, var: builtins.str, default: Any = environ.Env.NOTSET) -> Any:
        """Return the comma separated parts without the spaces around them; empty ones are none."""
        text = self.str(var, default=default)
        if not isinstance(text, builtins.str):
            return text
        return [part.strip() for part in text.split(",") if part.strip()]

    def whole(
        self,
        var: builtins.str,
        *,
        default: builtins.int,
        minimum: builtins.int = 1,
        maximum: builtins.int,
    ) -> builtins.int:
        """Return a whole number within bounds."""
        number = int(self.int(var, default=default))
        if not minimum <= number <= maximum:
            raise ImproperlyConfigured(
                f"{var} is {number}; it takes a whole number from {minimum} to {maximum}."
            )
        return number


def read_env_file(env: Env) -> None:
    """Add what the file `.env`, or the one that `ENV_FILE` names, says; the environment wins."""
    env.read_env(os.environ.get("ENV_FILE", DEFAULT_ENV_FILE))
