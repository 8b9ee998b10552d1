"""What stock Elasticsearch outputs send, as their sources build it."""

import base64
import gzip
import json

from tests.fim.formats.mutations import fixture

# libbeat, esleg/eslegclient/enc.go and connection.go.
BEAT_HEADERS = {
    "Accept": "application/json",
    "User-Agent": "Elastic-Auditbeat/8.13.2 (linux; amd64)",
    "X-Elastic-Product-Origin": "beats",
}
BEAT_TYPE = "application/json; charset=UTF-8"
# libbeat, outputs/elasticsearch/client.go.
BEAT_QUERY = "?filter_path=errors%2Citems.%2A.error%2Citems.%2A.status"


def lines(*values):
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


def created(*documents, **target):
    """The body of a Beat: each document behind its `create`."""
    action = {"create": {"_index": "auditbeat-8.13.2"} | target}
    return lines(*(value for document in documents for value in (action, document)))


def document(name="auditbeat_ecs.json", **changes):
    return fixture(name) | changes


def post_bulk(
    client, body, *, path="/elastic/_bulk", content_type=BEAT_TYPE, packed=False, **extra
):
    headers = BEAT_HEADERS | extra.pop("headers", {})
    if packed:
        body, headers = gzip.compress(body), headers | {"Content-Encoding": "gzip"}
    return client.generic("POST", path, body, content_type=content_type, headers=headers, **extra)


def api_key(key_text):
    """What `api_key: "PREFIX:SECRET"` sends."""
    pair = key_text.replace(".", ":", 1)
    return "ApiKey " + base64.b64encode(pair.encode()).decode()


def basic(key_text):
    """What `username: PREFIX` and `password: SECRET` send."""
    return "Basic " + base64.b64encode(key_text.replace(".", ":", 1).encode()).decode()


def statuses(answer):
    return [body["status"] for item in answer.json()["items"] for body in item.values()]
