"""Paths of logs and reports, below /api/logs/."""

from django.urls import path
from rest_framework.routers import Route, SimpleRouter

from fim.logs import views


class LogRouter(SimpleRouter):
    """A router whose list path takes DELETE too, with the ids in the body."""

    routes = [
        Route(
            url=r"^{prefix}{trailing_slash}$",
            mapping={"get": "list", "delete": "destroy_many"},
            name="{basename}-list",
            detail=False,
            initkwargs={},
        ),
        Route(
            url=r"^{prefix}/{lookup}{trailing_slash}$",
            mapping={"get": "retrieve"},
            name="{basename}-detail",
            detail=True,
            initkwargs={},
        ),
    ]


router = LogRouter()
router.register("logs", views.FimLogViewSet)

urlpatterns = [
    path("logs/export/", views.ExportView.as_view(), name="export"),
    path("logs/analytics/", views.AnalyticsView.as_view(), name="analytics"),
    path("logs/analytics/historical/", views.HistoricalView.as_view(), name="historical"),
    path("logs/today/", views.TodayView.as_view(), name="today"),
    path("logs/by-date/", views.ByDateView.as_view(), name="by-date"),
    path("logs/stats-by-date/", views.StatsByDateView.as_view(), name="stats-by-date"),
    *router.urls,
]
