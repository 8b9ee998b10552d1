"""Logs without a key: from near networks only."""

from typing import Any

from django.conf import settings
from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from users.client_address import client_address, is_in


class FromAllowedNetwork(BasePermission):
    """No key, and the real client is in `FIM_INGEST_ALLOWED_NETWORKS`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.auth is not None:
            return False
        address = client_address(request._request)
        if address is not None and is_in(address, settings.FIM_INGEST_ALLOWED_NETWORKS):
            return True
        raise NotAuthenticated(
            "Logs without a key are taken only from FIM_INGEST_ALLOWED_NETWORKS, and"
            f" {address or 'a client behind an unknown proxy'} is not there. Send"
            " 'Authorization: Api-Key ...'."
        )
