"""The console: Django's admin under Picket's own site class."""

from django.contrib.admin.apps import AdminConfig


class ConsoleConfig(AdminConfig):
    default_site = "config.console.site.Console"

    def ready(self) -> None:
        super().ready()
        from config import checks  # noqa: F401  (registers them)
