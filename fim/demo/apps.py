from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "fim.demo"
    verbose_name = "Demo data"
