from django.apps import AppConfig


class FimConfig(AppConfig):
    name = "fim"
    verbose_name = "File integrity"

    def ready(self) -> None:
        from fim import checks  # noqa: F401  (registers them)
        from fim.protocols.osquery import checks as osquery_checks  # noqa: F401
