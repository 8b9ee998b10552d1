"""Paths that logs are posted to, below /api/ingest/."""

from django.urls import path

from fim.ingest import views

urlpatterns = [
    path("ingest/fim/", views.IngestView.as_view(), name="ingest"),
    path("ingest/fim/<slug:format_name>/", views.IngestFormatView.as_view(), name="ingest-format"),
]
