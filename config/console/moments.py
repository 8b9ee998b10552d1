"""Moments on a page: in the node's zone as sent, in the viewer's once scripts run."""

from datetime import UTC, datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.formats import localize
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


@register.simple_tag(name="moment")
def show_moment(moment: datetime | None) -> SafeString | str:
    """Return a `<time>`, to the second; console/times.js shows it in the viewer's zone.

    For templates and for columns of lists alike.
    """
    if moment is None:
        return "-"
    return format_html(
        '<time datetime="{}">{}</time>',
        moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        localize(timezone.localtime(moment)),
    )


@register.filter(name="age")
def show_age(moment: datetime | None) -> str:
    """Return how long ago a moment was, in the largest full unit: 3 d, 5 h, 40 min, 7 s."""
    return "-" if moment is None else show_length(timezone.now() - moment)


def show_length(length: timedelta) -> str:
    seconds = max(int(length.total_seconds()), 0)
    for size, unit in UNITS:
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return "0 s"
