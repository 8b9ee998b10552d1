from django.apps import AppConfig


class UsersConfig(AppConfig):
    name = "users"

    def ready(self) -> None:
        from users.audit.services import connect_sign_in_signals

        connect_sign_in_signals()
