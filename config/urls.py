"""Every path of the node. The only module that imports the apps' urls."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_yasg import openapi
from drf_yasg.views import get_schema_view
from rest_framework.permissions import AllowAny

from config import VERSION, health
from config.api import errors

schema_view = get_schema_view(
    openapi.Info(
        title="Picket",
        default_version=VERSION,
        description=(
            "Threat and host-integrity monitoring: sensors post events, agents post file"
            " changes, dashboards read both. Every error is `{code, detail, fields}`."
        ),
    ),
    public=True,
    permission_classes=[AllowAny],
    authentication_classes=[],
)

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("api/", include("users.urls")),
    path("api/", include("threats.urls")),
    path("", include("fim.urls")),
    path("swagger/", schema_view.with_ui("swagger"), name="swagger"),
    path("redoc/", schema_view.with_ui("redoc"), name="redoc"),
    path("swagger.json", schema_view.without_ui(), {"format": "json"}, name="schema"),
    path("healthz", health.HealthzView.as_view(), name="healthz"),
    path("readyz", health.ReadyzView.as_view(), name="readyz"),
]

handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.page_not_found
handler500 = errors.server_error
