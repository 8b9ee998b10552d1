"""Paths of events and alerts, below /api/."""

from rest_framework.routers import SimpleRouter

from threats.views import AlertViewSet, EventViewSet

router = SimpleRouter()
router.register("events", EventViewSet)
router.register("alerts", AlertViewSet)

urlpatterns = router.urls
