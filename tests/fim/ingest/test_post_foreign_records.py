"""Records of other tools over REST: recognised or named, stored once, as one record or as lines."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from fim import formats
from fim.formats.registry import FORMATS
from fim.ingest.body import Malformed
from fim.ingest.pipeline import ingest_records
from fim.models import DayCount, FimLog, RawRecord
from tests.factories import NOON
from threats.models import Alert, Event

pytestmark = pytest.mark.django_db

URL = "/api/ingest/fim/"
FOLDER = Path(formats.__file__).parent
FOLDER_OF_FIXTURES = Path(__file__).parent.parent / "formats" / "fixtures"
FIXTURES = sorted(FOLDER_OF_FIXTURES.iterdir())
MEDIA_TYPES = {".json": "application/json", ".ndjson": "application/x-ndjson"}
# Tools' own words for the first part of a fixture's name.
NAMES = sorted(FORMATS, key=len, reverse=True)


def name_of(fixture):
    return next(name for name in NAMES if fixture.name.startswith(name))


def post(client, fixture, url=URL):
    media_type = MEDIA_TYPES.get(fixture.suffix, "text/plain")
    return client.post(url, fixture.read_bytes(), content_type=media_type)


def stored():
    return FimLog.objects.count(), Event.objects.count(), RawRecord.objects.count()


def test_each_format_of_the_folder_is_registered():
    names = {path.stem for path in FOLDER.glob("*.py") if "\nNAME = " in path.read_text()}

    assert names == set(FORMATS)
    for found in FORMATS.values():
        assert found.TITLE
        assert found.recognises(None) is False


def test_each_format_has_a_fixture():
    without = {"picket", "dhimp_text"}

    assert {name_of(fixture) for fixture in FIXTURES} == set(FORMATS) - without


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda path: path.name)
def test_takes_a_record_and_its_repeat_once(agent_client, fixture):
    first = post(agent_client, fixture)
    before = stored()

    repeat = post(agent_client, fixture)

    assert (first.status_code in (200, 201), repeat.status_code) == (True, 200), first.json()
    assert stored() == before


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda path: path.name)
def test_takes_a_record_of_the_named_format_the_same(agent_client, fixture):
    post(agent_client, fixture, f"{URL}{name_of(fixture)}/")
    before = stored()

    post(agent_client, fixture)

    assert stored() == before


def test_a_text_report_is_one_record_that_holds_many(agent_client):
    answer = post(agent_client, next(path for path in FIXTURES if path.name == "aide_report.txt"))

    assert answer.json()["accepted"] == FimLog.objects.count() > 1
    assert RawRecord.objects.count() == FimLog.objects.count()


def test_lines_of_a_report_are_gathered(agent_client):
    fixture = next(path for path in FIXTURES if path.name == "aide_lines.ndjson")

    post(agent_client, fixture)

    assert FimLog.objects.exclude(event_id=None).count() == FimLog.objects.count() > 0


def test_takes_text_lines_without_a_key_as_ndjson(anonymous_client):
    fixture = next(path for path in FIXTURES if path.name == "samhain_local.log")

    answer = anonymous_client.post(URL, fixture.read_bytes(), content_type="application/x-ndjson")

    assert (answer.status_code, answer.json()["rejected"]) == (201, 0)


def test_takes_the_old_text_log_of_dhimp_in_local_time(agent_client, settings):
    settings.TIME_ZONE = "Asia/Jakarta"
    line = "[31-12-2025 23:59:59] [BAHAYA] DIUBAH: /etc/passwd oleh root (via vim -> /usr/bin/vim)"

    answer = agent_client.post(f"{URL}dhimp_text/", line, content_type="text/plain")

    log = FimLog.objects.get()
    assert answer.json()["accepted"] == 1
    assert (log.path, log.user, log.category) == ("/etc/passwd", "root", "danger")
    assert log.timestamp.isoformat() == "2025-12-31T16:59:59+00:00"
    assert DayCount.objects.get().day.isoformat() == "2025-12-31"


def test_no_client_chooses_the_time_zone_of_its_log(agent_client, settings):
    settings.TIME_ZONE = "Asia/Jakarta"
    log = {"path": "/a", "action": "created", "timestamp": "2025-12-31T23:59:59"}

    agent_client.post(URL, log | {"is_local_time": True})

    assert FimLog.objects.get().timestamp.isoformat() == "2025-12-31T23:59:59+00:00"


YARA = "wazuh-yara: INFO - Scan result: MAL_Loader_7 /srv/up/m"


@pytest.mark.parametrize(
    ("again", "count"), [("2026-03-14T16:59:00Z", 1), ("2026-03-14T17:01:00Z", 2)]
)
def test_a_find_without_a_time_is_another_one_on_another_day(settings, again, count):
    settings.TIME_ZONE = "Asia/Jakarta"

    for received_at in (NOON, datetime.fromisoformat(again)):
        ingest_records([Malformed(YARA)], received_at=received_at, default_host="web-1")

    assert FimLog.objects.count() == count


def test_text_needs_a_key(anonymous_client):
    answer = anonymous_client.post(URL, "line", content_type="text/plain")

    assert answer.status_code == 415
    assert answer.json()["detail"].endswith(", or text/plain with a key.")


def test_a_malware_record_of_a_foreign_tool_opens_an_alert(agent_client):
    fixture = next(path for path in FIXTURES if path.name == "elastic_defend_malware.json")

    post(agent_client, fixture)

    assert Alert.objects.get().event.severity == "CRITICAL"


def test_stores_the_good_lines_of_a_mixed_batch(agent_client):
    foreign = [
        json.loads(path.read_text())
        for path in FIXTURES
        if path.name in ("falco_write.json", "osquery_added.json", "sysmon_winlogbeat.json")
    ]
    batch = [*foreign, {"some": "thing"}, {"path": "/a", "action": "created"}]

    answer = agent_client.post(URL, batch).json()

    assert (answer["accepted"], answer["rejected"], answer["errors"][0]["index"]) == (4, 1, 3)


# A file may be named by any bytes: here they are those of Latin-1.
NAMED = b"/etc/caf\xe9.conf"
AIDE = b'{"aide_version": "0.19", "start_time": "2026-05-02 10:00:00 +0200", "added": {"%s": "f+"}}'
FALCO = json.dumps(json.loads((FOLDER_OF_FIXTURES / "falco_write.json").read_text())).encode()


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("application/json", AIDE % NAMED),
        ("application/json", b"[" + AIDE % NAMED + b"]"),
        ("application/x-ndjson", AIDE % NAMED + b"\n"),
        ("application/json", FALCO.replace(b"/etc/cron.d/job", NAMED)),
    ],
)
def test_a_file_name_that_is_no_utf8_hides_nothing(agent_client, media_type, body):
    answer = agent_client.post(URL, body, content_type=media_type)

    assert answer.status_code == 201
    assert FimLog.objects.get().path == "/etc/caf\\xe9.conf"


def test_two_names_that_look_alike_are_two_logs(agent_client):
    looks_alike = b'%s": "f+", "/etc/caf\\\\xe9.conf' % NAMED

    agent_client.post(URL, AIDE % looks_alike, content_type="application/json")

    assert FimLog.objects.count() == 2


def test_a_bad_byte_in_an_array_refuses_pickets_own_log_alone(agent_client):
    body = b'[{"path": "/a", "action": "created"}, {"path": "/\xe9", "action": "created"}]'

    answer = agent_client.post(URL, body, content_type="application/json")

    assert answer.status_code == 201
    assert [error["fields"].keys() for error in answer.json()["errors"]] == [{"path"}]
