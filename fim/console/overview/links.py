"""The overview's links: the console's lists, filtered."""

from urllib.parse import urlencode

from django import template
from django.urls import reverse

register = template.Library()


@register.simple_tag
def logs_url(**filters: object) -> str:
    """Return the URL of the list of logs by `day`, `category`, `host`, `user`, `rule` or `path`."""
    chosen = {name: value for name, value in filters.items() if value}
    return f"{reverse('admin:fim_fimlog_changelist')}?{urlencode(chosen)}"


@register.simple_tag
def logs_of(by: str, name: str, day: object) -> str:
    """Return the URL of a day's logs that have one host, user, rule or path."""
    return logs_url(**{by: name}, day=day)


@register.simple_tag
def alerts_url(**filters: object) -> str:
    """Return the URL of the list of alerts by `status` and `severity`."""
    names = {"status": "status__exact", "severity": "event__severity__exact"}
    chosen = {names[name]: value for name, value in filters.items() if value}
    return f"{reverse('admin:threats_alert_changelist')}?{urlencode(chosen)}"
