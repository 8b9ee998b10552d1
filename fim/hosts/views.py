"""Hosts over REST: agents send heartbeats, people see who is alive."""

from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_yasg.utils import swagger_auto_schema
from rest_framework import mixins, viewsets
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from fim.hosts import serializers
from fim.hosts.filters import HostFilter
from fim.hosts.incron import incron_status
from fim.hosts.services import forget_host, record_heartbeat
from fim.ingest import schema
from fim.ingest.default_host import default_host
from fim.ingest.permissions import MayIngest
from fim.models.hosts import Host, HostQuerySet, State
from users.audit.actors import actor_of
from users.authentication import KeyAuthentication
from users.permissions import IsAdmin, IsPerson
from users.throttles import IngestThrottle, KeyThrottle


class HeartbeatView(APIView):
    """Accepts heartbeats. Who may post logs may send them, for any host, as in ingest."""

    authentication_classes = [KeyAuthentication]
    permission_classes = [MayIngest]
    throttle_classes = [KeyThrottle, IngestThrottle]

    @swagger_auto_schema(
        operation_summary="Tell that the agent of a host works",
        operation_description=(
            "Sent every minute or so. Every field may be left out, fields that are not known are"
            " ignored; a repeat changes nothing but when the host was last seen."
        ),
        manual_parameters=[schema.HOST],
        request_body=serializers.HeartbeatSerializer,
        responses={200: serializers.HeartbeatAnswerSerializer},
        security=schema.INGEST["security"],
    )
    def post(self, request: Request) -> Response:
        received_at = timezone.now()
        heartbeat = serializers.HeartbeatSerializer(
            data=request.data, context={"received_at": received_at}
        )
        heartbeat.is_valid(raise_exception=True)
        host = record_heartbeat(
            name=heartbeat.validated_data.get("host") or default_host(request),
            report=heartbeat.report(),
            dropped=heartbeat.validated_data.get("dropped") or [],
            was_blind=heartbeat.validated_data.get("was_blind") or [],
            received_at=received_at,
        )
        # A host that just sent a heartbeat is alive.
        answer = {"host": host.name, "state": State.ALIVE, "received_at": received_at}
        return Response(serializers.HeartbeatAnswerSerializer(answer).data)


class HostViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.DestroyModelMixin,
    viewsets.GenericViewSet[Host],
):
    """Hosts by name, each with its state as of now."""

    queryset = Host.objects.none()
    serializer_class = serializers.HostSerializer
    filterset_class = HostFilter
    lookup_field = "name"

    def get_permissions(self) -> list[BasePermission]:
        return [IsAdmin() if self.action == "destroy" else IsPerson()]

    def get_queryset(self) -> HostQuerySet:
        return Host.objects.with_state(timezone.now()).with_last_dropped().order_by("name")

    @swagger_auto_schema(operation_summary="Show one host", responses={404: ""})
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().retrieve(request, *args, **kwargs)

    @swagger_auto_schema(operation_summary="Forget a host that is no more", responses={404: ""})
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().destroy(request, *args, **kwargs)

    def perform_destroy(self, instance: Host) -> None:
        forget_host(instance, by=actor_of(self.request))


class IncronView(APIView):
    @swagger_auto_schema(
        operation_summary="Say whether the host's incron file watcher is active",
        responses={200: serializers.IncronStatusSerializer},
    )
    def get(self, request: Request) -> Response:
        status = incron_status(
            status_path=settings.INCRON_STATUS_PATH,
            max_age_seconds=settings.INCRON_STATUS_MAX_AGE_SECONDS,
        )
        return Response(serializers.IncronStatusSerializer(status).data)


class IncronAndAgentView(IncronView):
    """Incron's state, and that of Picket's own agent on the same machine."""

    @swagger_auto_schema(
        operation_summary="Say whether the host's incron file watcher, and Picket's agent, work",
        responses={200: serializers.WatchersSerializer},
    )
    def get(self, request: Request) -> Response:
        agent = Host.objects.with_state(timezone.now()).filter(name=settings.NODE_NAME).first()
        answer = super().get(request)
        answer.data["agent"] = serializers.AgentSerializer(agent).data if agent else None
        return answer
