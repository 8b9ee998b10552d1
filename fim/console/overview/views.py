"""The console's first page, and the parts of it that refresh themselves."""

import sys
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.utils import timezone

from fim.console.overview.busiest import NEWEST_READ, busiest_hosts, busiest_of_newest
from fim.console.overview.hosts import summarise_hosts
from fim.console.overview.hours import compare_with_yesterday, count_days
from fim.console.overview.links import logs_url
from fim.models import FimLog
from fim.models.days import day_of
from threats.models import Event
from threats.queue import newest_alerts, summarise_queue

PERIODS = (7, 30, 90)
USUAL_PERIOD = 30
ALERTS_SHOWN = 8


def show_overview(request: HttpRequest) -> TemplateResponse:
    """The whole page. Its parts come from the same functions that refresh them."""
    now, days = timezone.now(), _period_of(request)
    context = {
        **admin.site.each_context(request),
        "title": admin.site.index_title,
        "periods": PERIODS,
        "days": days,
        "is_empty": not FimLog.objects.exists() and not Event.objects.exists(),
        "node_url": request.build_absolute_uri("/").rstrip("/"),
        "install_dir": settings.BASE_DIR,
        "python": sys.executable,
        **_state(now),
        **_trend(now, days),
        **_busiest(now),
    }
    return TemplateResponse(request, "fim/overview/page.html", context)


def show_state(request: HttpRequest) -> HttpResponse:
    """Alerts, today, hosts: what people watch."""
    return render(request, "fim/overview/state.html", _state(timezone.now()))


def show_trend(request: HttpRequest) -> HttpResponse:
    return render(request, "fim/overview/trend.html", _trend(timezone.now(), _period_of(request)))


def show_busiest(request: HttpRequest) -> HttpResponse:
    return render(request, "fim/overview/busiest.html", _busiest(timezone.now()))


def _period_of(request: HttpRequest) -> int:
    text = request.GET.get("days", str(USUAL_PERIOD))
    if text not in map(str, PERIODS):
        raise BadRequest(f"days is {text!r}; it takes one of {PERIODS}.")
    return int(text)


def _state(now: datetime) -> dict[str, Any]:
    return {
        "queue": summarise_queue(),
        "today_on": day_of(now),
        "today": compare_with_yesterday(now),
        "hosts": summarise_hosts(now),
        "alerts": newest_alerts(ALERTS_SHOWN),
    }


def _trend(now: datetime, days: int) -> dict[str, Any]:
    last = day_of(now)
    counts = count_days(last, days)
    dates = [last - timedelta(days=days - 1 - place) for place in range(days)]
    return {
        "trend": {
            "days": [day.isoformat() for day in dates],
            "counts": counts,
            "url": logs_url(day="DAY", category="CATEGORY"),
        },
        "trend_rows": [
            (day, [counts[name][place] for name in counts])
            for place, day in reversed(list(enumerate(dates)))
        ],
        "trend_categories": list(counts),
    }


def _busiest(now: datetime) -> dict[str, Any]:
    today = day_of(now)
    logs = busiest_of_newest(today)
    return {
        "busiest_day": today,
        "busiest_hosts": busiest_hosts(today),
        "busiest_logs": logs,
        "is_newest_alone": logs.read == NEWEST_READ,
    }
