"""Paths of the DHIMP platform's clients, below /dhimp/api/."""

from django.urls import path

from fim.hosts.views import IncronView
from fim.ingest.views import IngestView
from fim.logs.urls import LogRouter
from fim.protocols.dhimp import views
from users.views import CheckAuthView, LogoutView

router = LogRouter()
router.register("logs", views.DhimpLogViewSet)

app_name = "dhimp"
urlpatterns = [
    path("login/", views.DhimpLoginView.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("check-auth/", CheckAuthView.as_view(), name="check-auth"),
    path("ingest/fim/", IngestView.as_view(), name="ingest"),
    path("logs/analytics/", views.DhimpAnalyticsView.as_view(), name="analytics"),
    path("logs/analytics/historical/", views.DhimpHistoricalView.as_view(), name="historical"),
    path("logs/today/", views.DhimpTodayView.as_view(), name="today"),
    path("logs/by-date/", views.DhimpByDateView.as_view(), name="by-date"),
    path("logs/stats-by-date/", views.DhimpStatsByDateView.as_view(), name="stats-by-date"),
    path("incron/control/", IncronView.as_view(), name="incron-control"),
    *router.urls,
]
