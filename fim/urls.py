"""Every path of file integrity, from the node's root."""

from django.urls import include, path

from fim.protocols.elastic.views import BareRootView

urlpatterns = [
    path("api/", include("fim.ingest.urls")),
    path("api/", include("fim.logs.urls")),
    path("api/", include("fim.hosts.urls")),
    path("api/", include("fim.protocols.osquery.urls")),
    path("dhimp/api/", include("fim.protocols.dhimp.urls")),
    path("elastic", BareRootView.as_view()),
    path("elastic/", include("fim.protocols.elastic.urls")),
]
