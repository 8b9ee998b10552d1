"""The last hash of a deleted file stands in one place, whatever its tool calls it."""

import copy

import pytest

from fim.ingest.pipeline import ingest_records
from fim.models import FimLog
from tests.factories import NOON, make_log
from tests.fim.formats.mutations import fixture

pytestmark = pytest.mark.django_db

SHA256 = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
OTHER = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
WAZUH = fixture("wazuh_deleted_numbers.json")
WAZUH["syscheck"]["sha256_after"] = SHA256
ECS = fixture("ecs_dotted.json") | {"file.hash.sha256": SHA256}
AUDITBEAT = fixture("auditbeat_ecs.json")
AUDITBEAT["event"]["action"] = ["deleted"]
AUDITBEAT["file"]["hash"] = {"sha256": SHA256, "md5": "aa"}
AIDE = fixture("aide_grouped.json") | {
    "added": {},
    "changed": {},
    "removed": {"/a": "f-"},
    "details": {"/a": {"sha256": {"old": SHA256}}},
}
SYSMON = fixture("sysmon_winlogbeat.json")


def stored(record):
    answer = ingest_records([record], received_at=NOON, default_host="web-1")
    assert answer.errors == []
    return FimLog.objects.get()


@pytest.mark.parametrize("record", [WAZUH, ECS, AUDITBEAT, AIDE, SYSMON])
def test_it_is_the_hash_before(record):
    log = stored(record)

    assert (log.action, log.sha256, log.sha256_before) == ("deleted", "", SHA256)
    assert "hashes" not in log.attributes


def test_other_hashes_are_those_before():
    assert stored(AUDITBEAT).attributes["hashes_before"] == {"md5": "aa"}


def test_two_hashes_stay_what_the_tool_says():
    record = copy.deepcopy(WAZUH)
    record["syscheck"]["sha256_before"] = OTHER

    log = stored(record)

    assert (log.sha256, log.sha256_before) == (SHA256, OTHER)


def test_a_log_of_pickets_own_stays_as_sent():
    log = make_log(action="deleted", sha256=SHA256)

    assert (log.sha256, log.sha256_before) == (SHA256, "")
