"""Who may post logs: a key from anywhere, and whoever is in FIM_INGEST_ALLOWED_NETWORKS."""

from typing import Any

from django.conf import settings
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

from config.serving.client_address import Address, client_address, is_in
from users.permissions import MayPostLogs


def is_in_ingest_networks(address: Address | None) -> bool:
    return address is not None and is_in(address, settings.FIM_INGEST_ALLOWED_NETWORKS)


class MayIngest(MayPostLogs):
    """A key with the scope; without a key, a real client in `FIM_INGEST_ALLOWED_NETWORKS`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.auth is not None:
            return super().has_permission(request, view)
        address = client_address(request._request)
        if is_in_ingest_networks(address):
            return True
        raise NotAuthenticated(
            "Logs without a key are taken only from FIM_INGEST_ALLOWED_NETWORKS, and"
            f" {address or 'a client behind an unknown proxy'} is not there. Send"
            " 'Authorization: Api-Key ...'."
        )
