"""What the DHIMP platform's agent posts, as it posts it. It takes any answer but 201 as failure."""

import pytest
import time_machine

from fim.models import FimLog
from tests.factories import NOON
from threats.models import Alert

pytestmark = pytest.mark.django_db

URL = "/dhimp/api/ingest/fim/"


def payload(**fields):
    return {
        "severity": "[MALWARE] PHP_Webshell_Payload",
        "action": "DITAMBAHKAN",
        "path": "/var/www/html/shell.php",
        "user": "www-data",
        "process": "php-fpm -> /var/www/html",
        "full_log": "[14-03-2026 19:00:00] [MALWARE] DITAMBAHKAN: /var/www/html/shell.php",
    } | fields


@pytest.mark.parametrize("url", [URL, "/api/ingest/fim/"])
def test_is_taken(anonymous_client, url):
    with time_machine.travel(NOON, tick=False):
        answer = anonymous_client.post(url, payload())

    log = FimLog.objects.get()
    assert answer.status_code == 201
    assert (log.category, log.rule, log.action) == ("malware", "PHP_Webshell_Payload", "created")
    assert (log.host, log.timestamp, log.process) == (
        "node-under-test",
        NOON,
        "php-fpm -> /var/www/html",
    )


@pytest.mark.parametrize(
    ("severity", "category"),
    [
        ("[MALWARE] PHP_Webshell_Payload", "malware"),
        ("[BAHAYA]", "danger"),
        ("[KEGIATAN MENCURIGAKAN]", "suspicious"),
        ("Normal", "normal"),
    ],
)
def test_says_how_bad_it_looks(anonymous_client, severity, category):
    answer = anonymous_client.post(URL, payload(severity=severity))

    assert (answer.status_code, FimLog.objects.get().category) == (201, category)


@pytest.mark.parametrize(
    ("sent", "action"),
    [
        ("DITAMBAHKAN", "created"),
        ("DIUBAH", "modified"),
        ("DIHAPUS", "deleted"),
        ("IN_ATTRIB", "attributes"),
        ("IN_CREATE,IN_ISDIR", "created"),
    ],
)
def test_says_what_happened(anonymous_client, sent, action):
    answer = anonymous_client.post(URL, payload(action=sent))

    assert (answer.status_code, FimLog.objects.get().action) == (201, action)


def test_raises_an_alert(anonymous_client):
    anonymous_client.post(URL, payload())

    assert Alert.objects.get().event.severity == "CRITICAL"


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"", "application/json", 400),
        (b'{"path": 1}', "application/json", 400),
        (b"{", "application/json", 400),
        (b"{}", "text/plain", 415),
    ],
)
def test_is_told_what_is_wrong(anonymous_client, body, content_type, status):
    answer = anonymous_client.post(URL, body, content_type=content_type)

    assert answer.status_code == status
    assert answer.json()["message"] == answer.json()["detail"]


def test_is_told_that_a_body_is_too_large(anonymous_client, settings):
    settings.FIM_MAX_BODY_BYTES = 10

    answer = anonymous_client.post(URL, payload())

    assert answer.status_code == 413
    assert answer.json()["message"].endswith(" bytes; at most 10 are accepted.")


def test_is_told_to_send_a_key_from_far_away(anonymous_client):
    answer = anonymous_client.post(URL, payload(), REMOTE_ADDR="203.0.113.7")

    assert answer.status_code == 401
    assert "FIM_INGEST_ALLOWED_NETWORKS" in answer.json()["message"]
