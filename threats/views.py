"""Events and alerts over REST."""

from http import HTTPStatus
from typing import Any

from drf_yasg.utils import swagger_auto_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import MethodNotAllowed, ValidationError
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.batch import BatchAnswer, BatchSerializer
from config.api.errors import DomainError
from config.api.schema import PAGE
from threats import edits, serializers, services
from threats.filters import AlertFilter, EventFilter
from threats.models import Alert, Event
from users.audit.actors import actor_of
from users.authentication import Machine
from users.permissions import IsAdmin, IsPerson, MayPostEvents
from users.throttles import KeyThrottle, ReadThrottle, UserThrottle

MAX_EVENTS_PER_BATCH = 1_000


class BatchTooLarge(DomainError):
    code = "batch_too_large"
    http_status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class EventViewSet(viewsets.ModelViewSet[Event]):
    """Security events. HIGH and CRITICAL ones raise an alert."""

    queryset = Event.objects.with_severity_rank()
    filterset_class = EventFilter
    throttle_classes = [ReadThrottle, UserThrottle, KeyThrottle]
    lookup_value_regex = r"\d+"

    def get_permissions(self) -> list[BasePermission]:
        if self.action == "create":
            permission: Any = (IsPerson | MayPostEvents)()
            permission.message = MayPostEvents.message
            return [permission]
        return [IsAdmin() if self.action == "destroy" else IsPerson()]

    def get_serializer_class(self) -> type[serializers.EventSerializer]:
        if self.action in ("update", "partial_update"):
            return serializers.EventUpdateSerializer
        if self.action == "create":
            return serializers.NewEventSerializer
        return serializers.EventSerializer

    @swagger_auto_schema(
        operation_summary="Record one event, or an array of up to 1,000",
        operation_description=(
            "One object is answered with the event: 201, or 200 where its `dedup_key` or its"
            " `event_id` made it a repeat. An array is answered with counts; the good events are"
            " recorded and each bad one is named by its index."
        ),
        responses={200: BatchSerializer, 201: serializers.EventSerializer},
        security=[{"Bearer": []}, {"Api-Key": []}],
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        if isinstance(request.data, list):
            answer = self._record_batch(request.data)
            return Response(answer.as_json(), status=answer.http_status)
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        recorded = self._record(serializer.validated_data)
        status = HTTPStatus.CREATED if recorded.is_new else HTTPStatus.OK
        return Response(serializers.EventSerializer(recorded.event).data, status=status)

    def _record(self, event: dict[str, Any]) -> services.RecordedEvent:
        if isinstance(self.request.user, Machine):
            return services.record_event(**event)
        return edits.add_event(by=actor_of(self.request), **event)

    def _record_batch(self, records: list[Any]) -> BatchAnswer:
        if not records:
            raise ValidationError({"non_field_errors": ["The array is empty."]})
        if len(records) > MAX_EVENTS_PER_BATCH:
            raise BatchTooLarge(
                f"The array has {len(records)} events; at most {MAX_EVENTS_PER_BATCH} are accepted."
            )
        answer = BatchAnswer()
        events: list[dict[str, Any]] = []
        for index, record in enumerate(records):
            serializer = self.get_serializer(data=record)
            if serializer.is_valid():
                events.append(serializer.validated_data)
            else:
                answer.refuse(index, serializer.errors)
        if isinstance(self.request.user, Machine):
            recorded = services.record_events(events)
        else:
            recorded = edits.add_events(events, by=actor_of(self.request))
        answer.accepted = sum(each.is_new for each in recorded)
        answer.duplicates = len(recorded) - answer.accepted
        return answer

    def perform_update(self, serializer: Any) -> None:
        serializer.instance = edits.update_event(
            serializer.instance, by=actor_of(self.request), **serializer.validated_data
        )

    def perform_destroy(self, instance: Event) -> None:
        edits.delete_event(instance, by=actor_of(self.request))


class AlertViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.DestroyModelMixin,
    viewsets.GenericViewSet[Alert],
):
    """What people must deal with. Alerts come from events; nobody posts them."""

    queryset = Alert.objects.select_related("event")
    serializer_class = serializers.AlertSerializer
    filterset_class = AlertFilter
    throttle_classes = [ReadThrottle, UserThrottle]
    lookup_value_regex = r"\d+"

    def get_permissions(self) -> list[BasePermission]:
        is_write = self.action in ("update", "partial_update", "destroy")
        return [IsAdmin() if is_write else IsPerson()]

    def http_method_not_allowed(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if request.method == "POST" and not self.detail:
            raise MethodNotAllowed(
                "POST",
                detail="Alerts are not posted: an event of severity HIGH or CRITICAL raises one."
                " Post the event to /api/events/.",
            )
        return super().http_method_not_allowed(request, *args, **kwargs)

    @swagger_auto_schema(
        operation_summary="Change an alert's status, who deals with it, or both",
        request_body=serializers.AlertUpdateSerializer,
        responses={200: serializers.AlertSerializer, 409: ""},
    )
    def update(self, request: Request, *args: Any, partial: bool = False, **_: Any) -> Response:
        alert = self.get_object()
        serializer = serializers.AlertUpdateSerializer(data=request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        services.change_alert(alert, by=actor_of(request), **serializer.validated_data)
        return Response(self.get_serializer(alert).data)

    @swagger_auto_schema(
        operation_summary="Change an alert's status, who deals with it, or both",
        request_body=serializers.AlertUpdateSerializer,
        responses={200: serializers.AlertSerializer, 409: ""},
    )
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.update(request, partial=True)

    def perform_destroy(self, instance: Alert) -> None:
        services.delete_alert(instance, by=actor_of(self.request))

    @swagger_auto_schema(
        operation_summary="List who changed the alert's status, oldest first",
        manual_parameters=PAGE,
        responses={200: serializers.AlertHistorySerializer},
    )
    @action(detail=True, filterset_class=None)
    def history(self, request: Request, pk: str | None = None) -> Response:
        changes: Any = self.get_object().changes.all()
        page: Any = self.paginate_queryset(changes)
        serializer = serializers.AlertChangeSerializer(page, many=True)
        return self.get_paginated_response(serializer.data)
