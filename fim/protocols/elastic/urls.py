"""Paths of Elasticsearch, below /elastic/."""

from django.urls import path, re_path

from fim.protocols.elastic import views

app_name = "elastic"
urlpatterns = [
    path("", views.RootView.as_view(), name="root"),
    path("_license", views.LicenseView.as_view(), name="license"),
    path("_xpack", views.XPackView.as_view(), name="xpack"),
    path("_cluster/health", views.ClusterHealthView.as_view(), name="cluster-health"),
    path("_bulk", views.BulkView.as_view(), name="bulk"),
    path("<str:index>/_bulk", views.IndexBulkView.as_view(), name="bulk-index"),
    re_path("", views.UnknownPathView.as_view(), name="unknown"),
]
