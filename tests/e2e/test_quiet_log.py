"""What strangers send does not fill the node's log with alarms."""

from urllib.parse import quote

import pytest


def told(node, method, path, headers=None):
    """Return the status, the body, and what the node logged about it."""
    before = len(node.log.read_text())
    status, body, _ = node.request(method, path, headers=headers)
    node.request("GET", "/healthz")
    return status, body, node.log.read_text()[before:]


@pytest.mark.parametrize("path", ["/healthz", "/api/events/", "/swagger.json"])
def test_head_is_the_headers_of_get_and_no_warning(node, path):
    _, _, headers = node.request("GET", path)
    status, body, log = told(node, "HEAD", path)

    assert status in (200, 401)
    assert body == b""
    assert "WARNING" not in log
    assert node.request("HEAD", path)[2]["content-type"] == headers["content-type"]


def test_a_forged_host_is_a_warning_of_one_line(node):
    status, _, log = told(node, "GET", "/api/events/", {"Host": "evil.example"})

    assert status == 400
    assert log.count("evil.example") == 2  # Django names it twice, in one sentence.
    assert "Traceback" not in log and "ERROR" not in log


def test_takes_a_search_of_4096_characters(node):
    search = "/api/logs/?search=" + quote("/var/www " * 455)

    assert node.as_admin("GET", search)[0] == 200
