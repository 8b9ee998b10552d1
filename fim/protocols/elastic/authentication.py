"""Picket's keys, as clients of Elasticsearch send credentials."""

import base64
import binascii

from rest_framework.request import Request

from users.authentication import KeyAuthentication


class ElasticKeyAuthentication(KeyAuthentication):
    """A key `PREFIX.SECRET` as `api_key: PREFIX:SECRET`, or as user PREFIX and password SECRET.

    Both come in base64. `Authorization: Api-Key KEY` counts too.
    """

    def key_text(self, header: str) -> str | None:
        scheme, _, credentials = header.partition(" ")
        if scheme.lower() not in ("apikey", "basic"):
            return super().key_text(header)
        try:
            pair = base64.b64decode(credentials, validate=True).decode()
        except (binascii.Error, ValueError):
            return ""
        return pair.replace(":", ".", 1)

    def authenticate_header(self, request: Request) -> str:
        return "ApiKey"
