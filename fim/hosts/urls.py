"""Paths of hosts and of what watches them, below /api/."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from fim.hosts import views


class HostNameConverter(StringConverter):
    """A host's name: tools name hosts as they like, with slashes and line ends too."""

    regex = r"[^\0]+"


register_converter(HostNameConverter, "host_name")

urlpatterns = [
    path("hosts/heartbeat/", views.HeartbeatView.as_view(), name="heartbeat"),
    path("hosts/", views.HostViewSet.as_view({"get": "list"}), name="host-list"),
    path(
        "hosts/<host_name:name>/",
        views.HostViewSet.as_view({"get": "retrieve", "delete": "destroy"}),
        name="host-detail",
    ),
    path("incron/control/", views.IncronAndAgentView.as_view(), name="incron-control"),
]
