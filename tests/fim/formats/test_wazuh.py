"""Wazuh's alerts and agent events, as the manager, the dashboard and the integrator give them."""

import contextlib
import copy
import hashlib

import pytest
from hypothesis import given, settings

from fim.formats import osquery, wazuh
from fim.record.fields import InvalidRecord
from fim.record.parsed import IGNORED
from fim.record.reading import read_log
from tests.factories import NOON
from tests.fim.formats.mutations import FIXTURES, JSON, fixture, fixtures_of, mutated

RECORDS = fixtures_of("wazuh")
LINES = (FIXTURES / "wazuh_yara.log").read_text().splitlines()
OLD, NEW = b"AllowUsers ops\n", b"AllowUsers ops eve\n"


def fields_of(record):
    [log] = wazuh.parse(record).logs
    return log.fields


def event_of(name):
    parsed = wazuh.parse(fixture(name))
    assert parsed.logs == []
    return parsed.events[0]


def hashes_of(content):
    return {name: hashlib.new(name, content).hexdigest() for name in ("md5", "sha1")}


def sha256_of(content):
    return hashlib.sha256(content).hexdigest()


def alert(**syscheck):
    record = fixture("wazuh_modified_whodata.json")
    record["syscheck"] |= syscheck
    return record


@pytest.mark.parametrize("record", RECORDS + LINES)
def test_recognises_its_own(record):
    assert wazuh.recognises(record)
    assert not osquery.recognises(record)


@pytest.mark.parametrize("record", RECORDS)
def test_every_log_can_be_stored(record):
    for log in wazuh.parse(record).logs:
        assert read_log(log.fields, received_at=NOON, default_host="node").path


def test_a_modified_file_says_what_when_where_and_how_bad():
    fields = fields_of(fixture("wazuh_modified_whodata.json"))

    assert fields["path"] == "/etc/ssh/sshd_config"
    assert (fields["action"], fields["host"]) == ("modified", "mail-3")
    assert fields["timestamp"] == "2026-02-03T04:05:06.789000-05:00"
    assert (fields["severity"], fields["category"]) == ("7", "suspicious")
    assert (fields["rule"], fields["source"]) == ("Integrity checksum changed.", "wazuh")
    assert fields["full_log"].startswith("File '/etc/ssh/sshd_config' modified")


def test_a_modified_file_has_its_state_after_and_before():
    fields = fields_of(fixture("wazuh_modified_whodata.json"))
    more = fields["attributes"]

    assert (fields["sha256"], fields["sha256_before"]) == (sha256_of(NEW), sha256_of(OLD))
    assert (more["hashes"], more["hashes_before"]) == (hashes_of(NEW), hashes_of(OLD))
    assert (fields["size_bytes"], more["size_bytes_before"]) == (19, 15)
    assert (fields["mode"], more["mode_before"]) == ("rw-r-----", "rw-r--r--")
    assert (fields["owner"], more["owner_before"]) == ("root", "root")
    assert (fields["group"], more["group_before"]) == ("shadow", "root")
    assert (more["inode"], more["inode_before"]) == (5511, 5510)
    assert (more["mtime"], more["mtime_before"]) == ("2026-02-03T04:05:06", "2026-02-01T10:00:00")


def test_whodata_through_audit_says_who_did_it_and_with_what():
    fields = fields_of(fixture("wazuh_modified_whodata.json"))
    more = fields["attributes"]

    assert fields["user"] == "root"
    assert (fields["process"], fields["executable"]) == ("vim.basic", "/usr/bin/vim.basic")
    assert (more["login_user"], more["effective_user"]) == ("eve", "root")
    assert (more["pid"], more["ppid"], more["parent"]) == (3120, 3101, "/usr/bin/bash")
    assert more["working_directory"] == "/home/eve"


def test_attributes_keep_rule_agent_tags_and_diff():
    more = fields_of(fixture("wazuh_modified_whodata.json"))["attributes"]

    assert (more["rule_id"], more["rule_level"], more["mitre"]) == ("550", 7, ["T1565.001"])
    assert (more["agent_id"], more["agent_ip"]) == ("017", "10.20.0.17")
    assert (more["manager"], more["alert_id"]) == ("siem-1", "1770109506.220011")
    assert more["tags"] == ["ssh", "access"]
    assert more["diff"].endswith("> AllowUsers ops eve\n")
    assert "permission" in more["changed"]


def test_whodata_through_ebpf_knows_the_bare_name_alone():
    fields = fields_of(fixture("wazuh_dashboard_hit_ebpf.json"))

    assert (fields["user"], fields["process"]) == ("root", "tee")
    assert "executable" not in fields
    assert "login_user" not in fields["attributes"]
    assert fields["attributes"]["pid"] == 611


def test_takes_at_timestamp_where_there_is_no_timestamp():
    record = fixture("wazuh_dashboard_hit_ebpf.json")
    del record["_source"]["timestamp"]

    assert fields_of(record)["timestamp"] == "2026-02-03T09:05:06.789000+00:00"


@pytest.mark.parametrize("text", ["", "yesterday", "2026-02-03T04:05:06", "1969-01-01T00:00:00Z"])
def test_an_odd_time_is_kept_beside_the_log(text):
    fields = fields_of(alert() | {"timestamp": text})

    assert "timestamp" not in fields
    assert fields["attributes"].get("timestamp_sent", "") == text


def test_an_added_file_without_whodata_has_no_actor():
    fields = fields_of(fixture("wazuh_shuffle_added.json"))

    assert (fields["action"], fields["path"]) == ("created", "/srv/www/up/shell.php")
    assert (fields["host"], fields["category"]) == ("mail-3", "normal")
    assert fields["timestamp"] == "2026-02-03T11:12:13.014000+02:00"
    assert (fields["owner"], fields["size_bytes"]) == ("www-data", 0)
    assert fields["sha256"] == sha256_of(b"")
    assert not {"user", "process", "executable", "sha256_before"} & set(fields)


def test_a_deleted_file_with_numbers_as_numbers_and_a_cut_hash():
    fields = fields_of(fixture("wazuh_deleted_numbers.json"))
    more = fields["attributes"]

    assert (fields["action"], fields["path"]) == ("deleted", "/var/log/auth.log.1")
    assert (fields["size_bytes"], more["pid"], more["ppid"]) == (35, 4488, 9700)
    assert (fields["user"], fields["executable"]) == ("mallory", "/usr/bin/shred")
    assert "sha256" not in fields
    assert len(more["hashes"]["sha256"]) == 60


def test_a_change_of_permissions_alone_is_one_of_attributes():
    fields = fields_of(fixture("wazuh_windows_permissions.json"))

    assert (fields["action"], fields["category"]) == ("attributes", "danger")
    assert fields["path"] == "c:\\programdata\\start menu\\run.bat"
    assert (fields["user"], fields["owner"]) == ("mallory", "Administrators")
    assert fields["executable"] == "C:\\Windows\\System32\\icacls.exe"
    assert fields["process"] == "icacls.exe"


def test_windows_permissions_are_a_list_and_no_mode():
    fields = fields_of(fixture("wazuh_windows_permissions.json"))
    more = fields["attributes"]

    assert "mode" not in fields
    assert more["permissions"][0]["denied"] == ["DELETE"]
    assert more["permissions_before"] == [{"name": "SYSTEM", "allowed": ["READ_DATA"]}]
    assert "inode" not in more


@pytest.mark.parametrize(
    "changed, action",
    [
        (["mtime"], "attributes"),
        (["uid", "gid", "inode"], "attributes"),
        (["permission", "sha256"], "modified"),
        (["size"], "modified"),
        ([], "modified"),
        (None, "modified"),
    ],
)
def test_what_changed_says_which_action(changed, action):
    assert fields_of(alert(changed_attributes=changed))["action"] == action


def test_an_agent_event_names_no_host_and_no_severity():
    fields = fields_of(fixture("wazuh_agent_event_added.json"))

    assert (fields["action"], fields["path"]) == ("created", "/opt/app/run.sh")
    assert fields["timestamp"] == "2026-02-03T12:15:00+00:00"
    assert not {"host", "severity", "category", "rule"} & set(fields)
    assert (fields["sha256"], fields["size_bytes"]) == (sha256_of(NEW), 19)
    assert (fields["mode"], fields["owner"], fields["group"]) == ("rwxr-xr-x", "eve", "staff")


def test_an_agent_event_says_who_did_it():
    fields = fields_of(fixture("wazuh_agent_event_added.json"))
    more = fields["attributes"]

    assert (fields["user"], fields["executable"]) == ("root", "/usr/bin/install")
    assert (more["login_user"], more["effective_user"]) == ("eve", "root")
    assert (more["pid"], more["ppid"], more["parent"]) == (537, 440, "/usr/bin/make")
    assert (more["working_directory"], more["inode"]) == ("/root", 4352)
    assert (more["hashes"], more["file_type"]) == (hashes_of(NEW), "file")


def test_an_agent_event_has_the_state_before():
    fields = fields_of(fixture("wazuh_agent_event_permission.json"))
    more = fields["attributes"]

    assert fields["action"] == "attributes"
    assert (fields["sha256"], fields["sha256_before"]) == (sha256_of(NEW), sha256_of(OLD))
    assert more["hashes_before"]["md5"] == hashes_of(OLD)["md5"]
    assert more["permissions"].startswith("Users (allowed): read_data|write_data")
    assert more["mode_before"] == "Users (allowed): read_data"


def test_a_virustotal_alert_becomes_an_event():
    event = event_of("wazuh_virustotal.json")

    assert (event.source_name, event.event_type) == ("mail-3", "wazuh.virustotal")
    assert event.severity == "HIGH"
    assert event.description.startswith("VirusTotal: Alert - /srv/up/a.bin")
    assert "alert: 1770127190.2" in event.description


def test_a_login_alert_becomes_an_event():
    event = event_of("wazuh_login.json")

    assert event.event_type == "wazuh.authentication_failed"
    assert event.severity == "LOW"
    assert "sshd: authentication failed. (rule 5760, level 5)" in event.description
    assert "Failed password for root" in event.description


@pytest.mark.parametrize(
    "level, severity, category",
    [
        (0, "LOW", "normal"),
        (6, "LOW", "normal"),
        ("7", "MEDIUM", "suspicious"),
        (11, "MEDIUM", "suspicious"),
        (12, "HIGH", "danger"),
        ("14", "HIGH", "danger"),
        (15, "CRITICAL", "danger"),
        (16, "CRITICAL", "danger"),
    ],
)
def test_levels(level, severity, category):
    login, change = fixture("wazuh_login.json"), alert()
    login["rule"]["level"] = change["rule"]["level"] = level

    assert wazuh.parse(login).events[0].severity == severity
    assert fields_of(change)["category"] == category


@pytest.mark.parametrize("level", [None, "", "high", -1, [], {}])
def test_an_alert_without_a_level_is_ignored(level):
    record = fixture("wazuh_login.json")
    record["rule"]["level"] = level

    assert wazuh.parse(record) == IGNORED


def test_a_yara_alert_is_malware_on_that_file():
    fields = fields_of(fixture("wazuh_yara_alert.json"))

    assert (fields["path"], fields["rule"]) == ("/srv/up/m", "MAL_Loader_7")
    assert (fields["category"], fields["action"]) == ("malware", "modified")
    assert (fields["host"], fields["severity"]) == ("mail-3", "12")


def test_a_yara_line_is_malware_on_that_file():
    fields = fields_of(LINES[0])

    assert (fields["path"], fields["rule"]) == ("/srv/up/m", "MAL_Loader_7")
    assert (fields["category"], fields["action"]) == ("malware", "modified")
    assert fields["full_log"] == LINES[0]
    assert not {"host", "timestamp"} & set(fields)


def test_a_yara_line_may_name_a_file_with_a_space():
    assert fields_of(LINES[1])["path"] == "/srv/up/with space.php"


def test_a_yara_line_without_a_match_is_ignored():
    assert wazuh.parse(LINES[2]) == IGNORED


@pytest.mark.parametrize("event_id", [11, "23", 26, "2"])
def test_leaves_sysmons_file_events_to_sysmon(event_id):
    record = fixture("wazuh_login.json")
    system = {"providerName": "Microsoft-Windows-Sysmon", "eventID": event_id}
    record["data"] = {"win": {"system": system, "eventdata": {}}}

    assert not wazuh.recognises(record)
    system["eventID"] = "1"
    assert wazuh.recognises(record)


@pytest.mark.parametrize("record", RECORDS + LINES[:2])
def test_a_repeat_has_the_same_event_id(record):
    first, second = wazuh.parse(record), wazuh.parse(copy.deepcopy(record))

    assert first == second
    held = first.logs[0].fields["event_id"] if first.logs else first.events[0].event_id
    assert held


def test_two_changes_have_two_event_ids():
    ids = {
        fields_of(record)["event_id"]
        for record in (
            alert(),
            alert() | {"id": "1770109506.220012"},
            alert() | {"manager": {"name": "siem-2"}},
            alert(path="/etc/ssh/ssh_config"),
        )
    }
    assert len(ids) == 4


def test_a_change_that_is_no_object_is_refused():
    with pytest.raises(InvalidRecord) as caught:
        wazuh.parse(fixture("wazuh_login.json") | {"syscheck": "text"})

    assert "syscheck" in caught.value.fields


@pytest.mark.parametrize("record", [None, 5, "", "text", [], [{}], {}, {"syscheck": 5}])
def test_does_not_recognise_what_is_not_its_own(record):
    assert not wazuh.recognises(record)


@settings(max_examples=150, deadline=None)
@given(mutated(RECORDS) | JSON)
def test_no_mutation_raises_anything_but_a_refusal(record):
    wazuh.recognises(record)

    with contextlib.suppress(InvalidRecord):
        for log in wazuh.parse(record).logs:
            read_log(log.fields, received_at=NOON, default_host="node")
