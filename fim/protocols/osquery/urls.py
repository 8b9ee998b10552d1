"""Paths of osquery's TLS protocol, below /api/. Without a slash at the end, as osquery's own."""

from django.urls import path

from fim.protocols.osquery import views

urlpatterns = [
    path("osquery/enroll", views.EnrollView.as_view(), name="osquery-enroll"),
    path("osquery/config", views.ConfigView.as_view(), name="osquery-config"),
    path("osquery/log", views.LogView.as_view(), name="osquery-log"),
]
