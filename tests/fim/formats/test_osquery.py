"""osquery's result logs in their three forms, one row, and the TLS logger's body."""

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
from tests.fim.formats.mutations import JSON, fixture, fixtures_of, mutated

RECORDS = fixtures_of("osquery")
NEW, OLD = b"AllowUsers ops eve\n", b"AllowUsers ops\n"


def fields_of(record):
    [log] = osquery.parse(record).logs
    return log.fields


def hashes_of(content):
    return {name: hashlib.new(name, content).hexdigest() for name in ("md5", "sha1")}


def added(**columns):
    record = fixture("osquery_added.json")
    record["columns"] |= columns
    return record


def without(record, *names):
    return {name: value for name, value in record.items() if name not in names}


@pytest.mark.parametrize("record", RECORDS)
def test_recognises_its_own(record):
    assert osquery.recognises(record)
    assert not wazuh.recognises(record)


@pytest.mark.parametrize("record", RECORDS)
def test_every_log_can_be_stored(record):
    for log in osquery.parse(record).logs:
        assert read_log(log.fields, received_at=NOON, default_host="node").path


def test_a_row_says_what_when_and_where():
    fields = fields_of(fixture("osquery_added.json"))

    assert (fields["host"], fields["source"]) == ("db-4.example.org", "osquery")
    assert fields["timestamp"] == "2026-02-03T14:46:41+00:00"
    assert (fields["action"], fields["path"]) == ("created", "/etc/cron.d/backup")
    assert fields["rule"] == "jobs"
    assert not {"user", "process", "severity", "category", "seq"} & set(fields)


def test_a_row_has_the_state_of_the_file():
    fields = fields_of(fixture("osquery_added.json"))
    more = fields["attributes"]

    assert fields["sha256"] == hashlib.sha256(NEW).hexdigest()
    assert more["hashes"] == hashes_of(NEW)
    assert (fields["size_bytes"], fields["mode"]) == (19, "0640")
    assert (fields["owner"], fields["group"]) == ("33", "7")
    assert (more["inode"], more["mtime"]) == (991, "1770129999")
    assert more["query"] == "pack_picket_file_events"


def test_a_row_without_stat_says_nothing_of_the_files_state():
    fields = fields_of(fixture("osquery_without_stat.json"))

    assert (fields["action"], fields["path"]) == ("modified", "/tmp/a.sock")
    assert fields["timestamp"] == "2026-02-03T14:46:42+00:00"
    assert not {"size_bytes", "mode", "owner", "group", "sha256", "user"} & set(fields)
    assert not {"inode", "mtime", "hashes"} & set(fields["attributes"])


def test_decorations_are_no_actor():
    fields = fields_of(fixture("osquery_without_stat.json"))

    assert fields["attributes"]["logged_in_user"] == "carol"
    assert fields["attributes"]["host_uuid"] == "7c1f5a10-0000-4000-8000-0000000000aa"
    assert "user" not in fields


def test_a_row_alone_has_no_host():
    fields = fields_of(fixture("osquery_columns_only.json"))

    assert (fields["action"], fields["path"]) == ("attributes", "/root/.ssh/authorized_keys")
    assert (fields["sha256"], fields["rule"]) == (hashlib.sha256(OLD).hexdigest(), "keys")
    assert fields["attributes"] == {"hashes": hashes_of(OLD)}
    assert fields["timestamp"] == "2026-02-03T14:46:43+00:00"
    assert "host" not in fields


def test_a_snapshot_holds_many_logs():
    first, second = osquery.parse(fixture("osquery_snapshot.json")).logs

    assert (first.fields["action"], first.fields["path"]) == ("created", "/opt/a")
    assert (second.fields["action"], second.fields["path"]) == ("deleted", "/opt/b")
    assert first.fields["host"] == second.fields["host"] == "db-4.example.org"
    assert "timestamp" not in first.fields
    assert first.raw["columns"] == {"target_path": "/opt/a", "action": "CREATED"}
    assert first.raw["name"] == "file_events"


def test_a_batch_joins_a_move_and_leaves_out_removed_rows_and_reads():
    moved, gone = osquery.parse(fixture("osquery_batch.json")).logs

    assert (moved.fields["path_from"], moved.fields["path"]) == ("/etc/passwd-", "/etc/passwd")
    assert moved.fields["action"] == gone.fields["action"] == "moved"
    assert (gone.fields["path"], gone.fields["attributes"]["action_sent"]) == (
        "/etc/gone",
        "MOVED_FROM",
    )
    assert "path_from" not in gone.fields
    assert moved.fields["host"] == "db-4.local"


def test_a_batch_of_an_old_version_says_an_empty_text_for_no_rows():
    record = fixture("osquery_batch.json")
    record["diffResults"] = {"added": "", "removed": []}

    assert osquery.parse(record) == IGNORED


def test_the_tls_loggers_body_holds_many_lines():
    created, moved = osquery.parse(fixture("osquery_tls_body.json")).logs

    assert created.fields["path"] == "/etc/cron.d/backup"
    assert (moved.fields["path_from"], moved.fields["path"]) == ("/srv/a", "/srv/b")
    assert created.raw == fixture("osquery_added.json")
    assert "SECRET" not in repr([created, moved])


def test_bad_lines_of_a_body_are_refused_alone():
    record = fixture("osquery_tls_body.json")
    record["data"] = [None, 5, {"columns": "text"}, *record["data"][:1]]

    *bad, good = osquery.parse(record).logs
    assert [log.fields for log in bad] == [{}, {}, {}]
    assert good.fields["path"] == "/etc/cron.d/backup"


def test_a_move_repeated_without_its_first_row_is_known_as_a_repeat():
    record = fixture("osquery_tls_body.json")
    whole = osquery.parse(record).logs[-1]

    record["data"] = record["data"][-1:]
    assert osquery.parse(record).logs[0].fields["event_id"] == whole.fields["event_id"]


@pytest.mark.parametrize("cookie", ["0", 0, "", None])
def test_moves_without_a_cookie_are_not_joined(cookie):
    record = fixture("osquery_batch.json")
    for row in record["diffResults"]["added"]:
        row["transaction_id"] = cookie

    assert len(osquery.parse(record).logs) == 3


@pytest.mark.parametrize(
    "word", ["ACCESSED", "OPENED", "COLLISION_WITHIN", "MOUNTED", "UNMOUNTED", "ROOT_CHANGED"]
)
def test_what_is_no_change_is_ignored(word):
    assert osquery.parse(added(action=word)) == IGNORED


def test_removed_rows_are_ignored():
    assert osquery.parse(added() | {"action": "removed"}) == IGNORED


def test_rows_of_other_tables_are_ignored():
    record = added() | {"name": "users", "columns": {"uid": "0", "username": "root"}}

    assert osquery.parse(record) == IGNORED


@pytest.mark.parametrize("log_type", ["status", "other", None, 5, [], {}])
def test_bodies_that_are_no_results_are_ignored(log_type):
    assert osquery.parse(fixture("osquery_tls_body.json") | {"log_type": log_type}) == IGNORED


def test_a_status_line_is_ignored():
    assert osquery.parse(fixture("osquery_status.json")) == IGNORED


def test_an_unknown_word_is_refused_with_the_log():
    fields = fields_of(added(action="EXPLODED"))

    with pytest.raises(InvalidRecord) as caught:
        read_log(fields, received_at=NOON, default_host="node")
    assert "action" in caught.value.fields


def test_numbers_may_come_as_numbers():
    record = added(size=19, inode=991, time=1770130001, uid=33, gid=7, transaction_id=0)

    told = without(fields_of(fixture("osquery_added.json")), "event_id")
    assert without(fields_of(record), "event_id") == told


@pytest.mark.parametrize("sent", ["soon", "-1", "9" * 30, 10**30, -5])
def test_an_odd_time_is_kept_beside_the_log(sent):
    fields = fields_of(added(time=sent))

    assert "timestamp" not in fields
    assert fields["attributes"]["timestamp_sent"] == str(sent)


@pytest.mark.parametrize("sent", ["0", 0, "", None, [], {}])
def test_a_time_that_says_nothing_is_left_out(sent):
    fields = fields_of(added(time=sent))

    assert "timestamp" not in fields
    assert "timestamp_sent" not in fields["attributes"]


def test_a_rename_through_audit_says_who_did_it_and_with_what():
    fields = fields_of(fixture("osquery_process_file_events.json"))
    more = fields["attributes"]

    assert (fields["action"], fields["path"]) == ("moved", "/etc/hosts")
    assert fields["path_from"] == "/etc/hosts.new"
    assert (fields["user"], more["login_user"], more["effective_user"]) == ("0", "1007", "0")
    assert (fields["process"], fields["executable"]) == ("mv", "/usr/bin/mv")
    assert (more["pid"], more["ppid"], more["working_directory"]) == (812, 800, "/root")
    assert fields["timestamp"] == "2026-02-03T14:46:46+00:00"
    assert not {"owner", "group"} & set(fields)


@pytest.mark.parametrize(
    "operation, action, path",
    [
        ("write", "modified", "/etc/hosts.new"),
        ("open+truncate", "modified", "/etc/hosts.new"),
        ("unlink", "deleted", "/etc/hosts.new"),
        ("link", "created", "/etc/hosts"),
        ("symlink", "created", "/etc/hosts"),
    ],
)
def test_operations_through_audit(operation, action, path):
    record = fixture("osquery_process_file_events.json")
    record["columns"]["operation"] = operation

    fields = fields_of(record)
    assert (fields["action"], fields["path"]) == (action, path)
    assert "path_from" not in fields
    target = "/etc/hosts.new" if "link" in operation and operation != "unlink" else None
    assert fields["attributes"].get("target") == target


@pytest.mark.parametrize("operation", ["open", "read", "close"])
def test_reads_through_audit_are_ignored(operation):
    record = fixture("osquery_process_file_events.json")
    record["columns"]["operation"] = operation

    assert osquery.parse(record) == IGNORED


def test_a_process_that_nobody_logged_in_for_has_no_login_user():
    record = fixture("osquery_process_file_events.json")
    record["columns"]["auid"] = "4294967295"

    assert "login_user" not in fields_of(record)["attributes"]


def test_a_write_on_macos_names_the_program_and_the_number_of_the_event():
    fields = fields_of(fixture("osquery_es_process_file_events.json"))

    assert (fields["action"], fields["path"]) == ("modified", "/private/etc/hosts")
    assert (fields["executable"], fields["process"]) == ("/usr/bin/nano", "nano")
    assert fields["seq"] == 2040
    assert (fields["attributes"]["pid"], fields["attributes"]["ppid"]) == (91, 1)


def test_a_rename_in_the_ntfs_journal():
    fields = fields_of(fixture("osquery_ntfs_journal_events.json"))
    more = fields["attributes"]

    assert (fields["host"], fields["action"]) == ("DESK-21", "moved")
    assert fields["path"] == "C:\\Users\\eve\\run.bat"
    assert fields["path_from"] == "C:\\Users\\eve\\run.tmp"
    assert (fields["rule"], more["file_type"]) == ("startup", "file")
    assert (more["usn"], more["file_attributes"]) == ("0000000000a1b2c3", "FILE_ATTRIBUTE_ARCHIVE")


@pytest.mark.parametrize(
    "word, action",
    [
        ("FileCreation", "created"),
        ("DirectoryCreation", "created"),
        ("FileWrite", "modified"),
        ("FileTruncation", "modified"),
        ("TransactedFileChange", "modified"),
        ("AlternateDataStreamWrite", "modified"),
        ("DirectoryDeletion", "deleted"),
        ("DirectoryRename_NewName", "moved"),
        ("AttributesChange", "attributes"),
        ("FileSecurityAttributesChange", "attributes"),
        ("FileLinkChange", "attributes"),
    ],
)
def test_words_of_the_ntfs_journal(word, action):
    record = fixture("osquery_ntfs_journal_events.json")
    record["columns"]["action"] = word

    assert fields_of(record)["action"] == action


def test_a_yara_match_is_malware():
    fields = fields_of(fixture("osquery_yara_events.json"))
    more = fields["attributes"]

    assert (fields["category"], fields["rule"]) == ("malware", "MAL_Loader_7,Packed_UPX")
    assert (fields["action"], fields["path"]) == ("modified", "/srv/up/m")
    assert (more["tags"], more["matched_strings"]) == (["loader"], "$a:1f")
    assert more["path_group"] == "web"
    assert fields["timestamp"] == "2026-02-03T14:46:49+00:00"


@pytest.mark.parametrize("columns", [{"matches": "", "count": "0"}, {"count": 0}, {"matches": ""}])
def test_a_clean_yara_scan_is_ignored(columns):
    record = fixture("osquery_yara_events.json")
    record["columns"] |= columns

    assert osquery.parse(record) == IGNORED


def test_a_yara_match_is_not_lost_for_a_word_that_is_no_change():
    record = fixture("osquery_yara_events.json")
    record["columns"] |= {"action": "OPENED", "matches": ",".join(["RULE_NAME_0"] * 30)}

    fields = fields_of(record)
    assert (fields["action"], len(fields["rule"])) == ("modified", 359)
    assert len(fields["attributes"]["matches"]) == 30


@pytest.mark.parametrize("record", RECORDS)
def test_a_repeat_has_the_same_event_ids(record):
    again = copy.deepcopy(record)

    assert osquery.parse(record) == osquery.parse(again)


def test_a_row_in_another_form_and_at_another_query_is_a_repeat():
    columns = fixture("osquery_added.json")
    batch = without(columns, "columns", "action")
    batch |= {"diffResults": {"added": [columns["columns"]], "removed": []}, "unixTime": 9}

    assert fields_of(batch)["event_id"] == fields_of(columns)["event_id"]


def test_two_changes_have_two_event_ids():
    records = [added(), added(time="1770130002"), added(action="UPDATED"), added(eid="9")]
    records.append(added() | {"hostIdentifier": "db-5"})

    assert len({fields_of(record)["event_id"] for record in records}) == len(records)


@pytest.mark.parametrize(
    "record",
    [
        None,
        5,
        "",
        "text",
        [],
        {},
        {"columns": {}},
        {"path": "/a", "action": "created"},
        {"log_type": "result"},
        {"log_type": "other", "data": []},
    ],
)
def test_does_not_recognise_what_is_not_its_own(record):
    assert not osquery.recognises(record)


@settings(max_examples=150, deadline=None)
@given(mutated(RECORDS) | JSON)
def test_no_mutation_raises_anything_but_a_refusal(record):
    osquery.recognises(record)

    with contextlib.suppress(InvalidRecord):
        for log in osquery.parse(record).logs:
            read_log(log.fields, received_at=NOON, default_host="node")
