"""A client that goes away in the middle of its body: nobody's fault, and nothing stored."""

import io

import pytest

from fim.models import FimLog

pytestmark = pytest.mark.django_db


class BrokenStream(io.RawIOBase):
    def read(self, size=-1):
        raise ConnectionResetError


def test_is_a_bad_body_and_no_failure_of_the_node(anonymous_client):
    answer = anonymous_client.generic(
        "POST",
        "/api/ingest/fim/",
        b"{}",
        content_type="application/json",
        **{"wsgi.input": BrokenStream()},
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_body")
    assert not FimLog.objects.exists()
