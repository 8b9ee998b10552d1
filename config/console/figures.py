"""Figures on a page."""

from django import template

register = template.Library()


@register.filter(name="figure")
def show_figure(number: int | None) -> str:
    """Return a whole number with its thousands apart: 12,345."""
    return "-" if number is None else f"{number:,}"
