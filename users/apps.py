from django.apps import AppConfig


class UsersConfig(AppConfig):
    name = "users"

    def ready(self) -> None:
        from users.audit.services import watch_sign_ins

        watch_sign_ins()
