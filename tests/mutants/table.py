"""The faults: where, what the code says, what it says instead, and who must notice."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Mutant:
    """A promise that the product breaks once `old` is `new`. `tests` run on `database`."""

    promise: str
    path: str
    old: str
    new: str
    tests: tuple[str, ...]
    database: str = "sqlite"

    def __str__(self) -> str:
        return f"{self.path}: {self.promise}"

    def is_placed(self, root: Path) -> bool:
        path = root / self.path
        return path.is_file() and path.read_text().count(self.old) == 1

    def broken(self, whole: str) -> str:
        """Return the file's text with the fault. Raises SyntaxError: that is no promise broken."""
        text = whole.replace(self.old, self.new)
        compile(text, self.path, "exec")
        return text

    @contextmanager
    def placed(self, root: Path) -> Iterator[None]:
        """Let the file in `root` have the fault meanwhile."""
        path = root / self.path
        whole = path.read_text()
        path.write_text(self.broken(whole))
        try:
            yield
        finally:
            path.write_text(whole)


PERMISSIONS = [
    Mutant(
        "only admins delete logs",
        "fim/logs/views.py",
        'IsAdmin() if self.action == "destroy_many" else IsPerson()',
        "IsPerson()",
        ("tests/fim/store/test_delete_logs.py",),
    ),
    Mutant(
        "a client whose address cannot be known is not near",
        "fim/ingest/permissions.py",
        "address is not None and is_in(",
        "address is None or is_in(",
        ("tests/fim/ingest/test_who_may_post_logs.py",),
    ),
    Mutant(
        "a key does what its scopes name alone",
        "users/permissions.py",
        "isinstance(user, Machine) and self.scope in user.key.scopes",
        "isinstance(user, Machine)",
        ("tests/users/keys/test_keys.py",),
    ),
    Mutant(
        "a client forges no address through a trusted proxy",
        "config/serving/client_address.py",
        "for text in reversed(chain):",
        "for text in chain:",
        ("tests/config/serving/test_client_address.py",),
    ),
    Mutant(
        "forwarding headers of a peer that is no proxy make nobody near",
        "config/serving/client_address.py",
        "return None if _is_forwarded(environ) else peer",
        "return peer",
        ("tests/config/serving/test_client_address.py",),
    ),
]

TOKENS = [
    Mutant(
        "a refresh token is good on the node that made it alone",
        "users/sign_in/tokens.py",
        'if self.payload.get("node") != settings.NODE_NAME:',
        "if False:",
        ("tests/users/sign_in/test_fleet_tokens.py", "tests/users/sign_in/test_refresh.py"),
    ),
    Mutant(
        "a new password ends the access tokens of the old one",
        "users/sign_in/tokens.py",
        "if node == settings.NODE_NAME and not _is_of_session(token, user):",
        "if False:",
        ("tests/users/sign_in/test_hostile_tokens.py",),
    ),
    Mutant(
        "a token of this node is worth nothing without its account",
        "users/sign_in/tokens.py",
        'isinstance(node, str) and node not in ("", settings.NODE_NAME)',
        "isinstance(node, str)",
        ("tests/users/sign_in/test_fleet_tokens.py", "tests/users/sign_in/test_token.py"),
    ),
    Mutant(
        "a refresh token is used once",
        "users/sign_in/tokens.py",
        "if not is_first:",
        "if False:",
        ("tests/users/sign_in/test_refresh.py",),
    ),
    Mutant(
        "a write with the cookie needs the CSRF token",
        "users/authentication.py",
        "            return None\n        _enforce_csrf(request)\n",
        "            return None\n",
        ("tests/users/sign_in/test_cookie_login.py",),
    ),
    Mutant(
        "a deactivated account loses its refresh tokens for good",
        "users/services.py",
        "if not user.is_active:\n            revoke_tokens(user)",
        "if False:\n            revoke_tokens(user)",
        ("tests/users/test_console_accounts.py", "tests/users/sign_in/test_refresh.py"),
    ),
]

AUDIT = [
    Mutant(
        "deleted logs are in the audit list",
        "fim/store/deletes.py",
        "        if gone:\n            _audit_deletion(by, gone, deleted)\n",
        "",
        ("tests/users/audit/test_audit.py",),
    ),
    Mutant(
        "a key that was revoked before is not revoked in the audit list again",
        "users/keys/services.py",
        "filter(pk=key.pk, revoked=False)",
        "filter(pk=key.pk)",
        ("tests/users/audit/test_audit.py", "tests/users/keys/test_console_keys.py"),
    ),
    Mutant(
        "the audit list tells what changed and nothing else",
        "users/audit/services.py",
        "[name for name in after if before.get(name) != after[name]]",
        "list(after)",
        ("tests/users/audit/test_audit.py",),
    ),
    Mutant(
        "a change and its entry are committed together",
        "users/services.py",
        "    with transaction.atomic():\n        stored = User.objects.filter(pk=user.pk).values(",
        "    if True:\n        stored = User.objects.filter(pk=user.pk).values(",
        ("tests/users/audit/test_no_change_without_entry.py",),
    ),
]

THROTTLES = [
    Mutant(
        "the fast path counts for the key's limit",
        "fim/ingest/fast_path.py",
        "Scope.POST_LOGS in machine.key.scopes and KeyThrottle().passes(machine.pk)",
        "Scope.POST_LOGS in machine.key.scopes",
        ("tests/fim/ingest/test_fast_path.py",),
    ),
    Mutant(
        "a clock that was set back ends a window's count",
        "users/counters.py",
        "started_at <= :now + :slack\n        THEN count",
        "1\n        THEN count",
        ("tests/users/test_counters.py",),
    ),
    Mutant(
        "a clock that was set back begins a window",
        "users/counters.py",
        "started_at <= :now + :slack\n        THEN started_at",
        "1\n        THEN started_at",
        ("tests/users/test_counters.py",),
    ),
    Mutant(
        "a clock that was set back ends a share",
        "users/counters.py",
        "now - period_seconds < lease.started_at <= now + SLACK_SECONDS",
        "now - period_seconds < lease.started_at",
        ("tests/users/test_counters.py",),
    ),
    Mutant(
        "requests that read the clock in another order share a window",
        "users/counters.py",
        'period_seconds, "slack": SLACK_SECONDS}',
        'period_seconds, "slack": 0}',
        ("tests/users/test_counters.py",),
    ),
    Mutant(
        "no process counts past its share",
        "users/counters.py",
        "lease.count >= lease.last",
        "lease.count > lease.last",
        ("tests/users/test_counters.py",),
    ),
    Mutant(
        "half a form unlocks nobody",
        "users/sign_in/lockouts.py",
        "if not (username and address):",
        "if not (username or address):",
        ("tests/users/sign_in/test_console_lockouts.py",),
    ),
]

REPEATS = [
    Mutant(
        "a repeat is answered with the log of its own host",
        "fim/store/group_commit.py",
        "filter(host=new_log.host, event_id=new_log.event_id)",
        "filter(event_id=new_log.event_id)",
        ("tests/fim/ingest/test_post_log.py",),
    ),
    Mutant(
        "a repeat is told as one",
        "fim/store/group_commit.py",
        "{id(log) for log in write.logs} - repeats",
        "{id(log) for log in write.logs}",
        ("tests/fim/store/test_group_commit.py",),
    ),
    Mutant(
        "an event's id is of its source",
        "threats/services.py",
        "EventReceipt.objects.filter(source_name=source_name, event_id=event_id)\n",
        "EventReceipt.objects.filter(event_id=event_id)\n",
        ("tests/threats/test_event_ids.py",),
    ),
    Mutant(
        "an event and its receipt are committed together",
        "threats/services.py",
        "        with transaction.atomic():\n            recorded = _record(event)\n",
        "        if True:\n            recorded = _record(event)\n",
        ("tests/threats/test_event_ids.py", "tests/threats/test_parallel_event_ids.py"),
    ),
    Mutant(
        "batches of events take ids in one order",
        "threats/services.py",
        'str(event.get("event_id")),',
        '"",',
        ("tests/threats/test_no_ring.py",),
        "postgres",
    ),
    Mutant(
        "parallel groups take their events' ids in one order",
        "fim/store/group_commit.py",
        "sorted(events, key=lambda event: (event.source_name, event.event_id))",
        "list(events)",
        ("tests/fim/store/test_group_commit.py", "tests/fim/ingest/test_parallel_posts.py"),
        "postgres",
    ),
    Mutant(
        "parallel batches insert logs in one order",
        "fim/store/postgresql.py",
        "map(row_of, sorted(logs, key=_insert_order))",
        "map(row_of, logs)",
        ("tests/fim/store/test_no_ring.py",),
        "postgres",
    ),
    Mutant(
        "parallel batches insert subjects in one order",
        "fim/store/subjects.py",
        "if missing := sorted(by_digest.keys() - ids.keys()):",
        "if missing := [each for each in by_digest if each not in ids]:",
        ("tests/fim/store/test_no_ring.py",),
        "postgres",
    ),
]

COUNTS = [
    Mutant(
        "a repeat is counted once",
        "fim/store/write.py",
        "for log in stored.logs))",
        "for log in new_logs))",
        ("tests/fim/ingest/test_post_log.py",),
    ),
    Mutant(
        "a day is one of the node's time zone",
        "fim/models/days.py",
        '    """Return the day of a moment and the hour of that day, 0 to 23."""\n'
        "    local = moment.astimezone(timezone.get_default_timezone())\n",
        '    """Return the day of a moment and the hour of that day, 0 to 23."""\n'
        "    local = moment\n",
        ("tests/fim/store/test_day_counts.py", "tests/fim/store/test_hour_counts.py"),
    ),
    Mutant(
        "counts that drifted never stop a deletion",
        "fim/store/counts.py",
        'Case(When(count__gte=deleted, then=F("count") - deleted), default=Value(0))',
        'F("count") - deleted',
        ("tests/fim/store/test_day_counts.py", "tests/fim/store/test_delete_logs.py"),
    ),
    Mutant(
        "a recount holds the counts still",
        "fim/store/counts.py",
        "        dialect.hold_counts_still()\n",
        "",
        ("tests/fim/ingest/test_parallel_posts.py",),
        "postgres",
    ),
    Mutant(
        "parallel transactions take counts in one order",
        "fim/store/counts.py",
        "keys = sorted(counts)",
        "keys = list(counts)",
        ("tests/fim/store/test_no_ring.py",),
        "postgres",
    ),
    Mutant(
        "two deletions that meet count a log once",
        "fim/store/deletes.py",
        "FimLog.objects.select_for_update()",
        "FimLog.objects",
        ("tests/fim/ingest/test_parallel_posts.py",),
        "postgres",
    ),
]

DEDUP = [
    Mutant(
        "batches of logs take dedup keys in one order",
        "threats/deduplication.py",
        'sorted(events, key=itemgetter("dedup_key"))',
        "list(events)",
        ("tests/threats/test_no_ring.py",),
        "postgres",
    ),
    Mutant(
        "batches of events take dedup keys in one order",
        "threats/services.py",
        'event.get("dedup_key") or "",',
        '"",',
        ("tests/threats/test_no_ring.py",),
        "postgres",
    ),
    Mutant(
        "the same path on two hosts is two troubles",
        "fim/store/write.py",
        r'f"{log.host}\0{log.path}"',
        'f"{log.path}"',
        ("tests/fim/store/test_events_of_logs.py",),
    ),
    Mutant(
        "a worse repeat raises the severity",
        "threats/deduplication.py",
        "    if raised:\n",
        "    if False:\n",
        ("tests/threats/test_deduplicate_events.py",),
    ),
    Mutant(
        "a trouble that comes back after it was resolved is a new one",
        "threats/deduplication.py",
        " WHERE NOT alert.status = 'RESOLVED' AND alert.dedup_key",
        " WHERE alert.dedup_key",
        ("tests/threats/test_deduplicate_events.py",),
    ),
    Mutant(
        "of two people who act at once one changes the alert",
        "threats/services.py",
        "Alert.objects.filter(pk=alert.pk, status=before).update(",
        "Alert.objects.filter(pk=alert.pk).update(",
        ("tests/threats/test_races.py",),
    ),
]

RETENTION = [
    Mutant(
        "an archive gets its name after its content is on disk",
        "fim/retention/archive.py",
        "        file.flush()\n        os.fsync(descriptor)\n",
        "        file.flush()\n",
        ("tests/fim/retention/test_archive_on_disk.py",),
    ),
    Mutant(
        "an archive's content is written before it is synced",
        "fim/retention/archive.py",
        "        file.flush()\n        os.fsync(descriptor)\n",
        "        os.fsync(descriptor)\n",
        ("tests/fim/retention/test_archive_on_disk.py",),
    ),
    Mutant(
        "logs are deleted after their archive's name is on disk",
        "fim/retention/archive.py",
        "    os.rename(part, path)\n    _sync(directory)\n",
        "    os.rename(part, path)\n",
        ("tests/fim/retention/test_archive_on_disk.py",),
    ),
    Mutant(
        "logs are deleted that are in the archive, and no other",
        "fim/retention/archive.py",
        "delete_batches(_batches(read_ids(path, form)))",
        'delete_batches(_batches(month.logs.values_list("pk", flat=True)))',
        ("tests/fim/retention/test_archive.py",),
    ),
    Mutant(
        "a log of that very moment is not older",
        "fim/retention/prune.py",
        "timestamp__lt=moment",
        "timestamp__lte=moment",
        ("tests/fim/retention/test_prune.py",),
    ),
    Mutant(
        "a deletion rests between its batches",
        "fim/retention/prune.py",
        "        time.sleep(seconds)\n",
        "",
        ("tests/fim/retention/test_prune.py",),
    ),
]

AGENT = [
    Mutant(
        "what a killed agent reported it does not report again",
        "fim/agent/engine/engine.py",
        "                    journal.forget(connection, result.numbers)\n",
        "",
        ("tests/agent/engine/test_engine.py", "tests/agent/watch/test_intake.py"),
    ),
    Mutant(
        "steps keep rising numbers after all were reported",
        "fim/agent/state/journal.py",
        "\"SELECT seq FROM sqlite_sequence WHERE name = 'pending'\").fetchone()\n"
        "    return found[0] if found else 0",
        '"SELECT max(id) FROM pending").fetchone()\n    return found[0] or 0',
        ("tests/agent/engine/test_engine.py", "tests/agent/watch/test_intake.py"),
    ),
    Mutant(
        "both paths of a step follow a directory's move",
        "fim/agent/state/journal.py",
        'for column in ("path", "path_from"):',
        'for column in ("path",):',
        ("tests/agent/watch/test_intake.py",),
    ),
    Mutant(
        "a directory's move changes no step that came after it",
        "fim/agent/state/journal.py",
        'f" WHERE id < ? AND',
        'f" WHERE ? AND',
        ("tests/agent/watch/test_intake.py",),
    ),
    Mutant(
        "what is being sent is not dropped from a full spool",
        "fim/agent/state/spool.py",
        "(category, self._sending_to),",
        "(category, 0),",
        ("tests/agent/state/test_spool.py",),
    ),
    Mutant(
        "danger is never dropped from a full spool",
        "fim/agent/state/spool.py",
        'EXPENDABLE = ("normal", "suspicious")',
        'EXPENDABLE = ("normal", "suspicious", "danger")',
        ("tests/agent/state/test_spool.py",),
    ),
    Mutant(
        "a range of drops that grew meanwhile is told again",
        "fim/agent/state/spool.py",
        "first_seq = ? AND last_seq = ? AND count = ?",
        "first_seq = ? AND ? AND ?",
        ("tests/agent/state/test_spool.py",),
    ),
    Mutant(
        "a log that the node refused is not acknowledged",
        "fim/agent/node/sender.py",
        "[each.line for i, each in enumerate(batch) if i not in refused]",
        "[each.line for each in batch]",
        ("tests/agent/node/test_sender.py",),
    ),
]

CANARY = [
    Mutant(
        "the proof of one root is none of another",
        "fim/agent/node/canary.py",
        'if each.is_seen and each.sha256 == log.get("sha256")',
        "if each.is_seen",
        ("tests/agent/node/test_canary.py",),
    ),
    Mutant(
        "what another wrote into a canary proves nothing",
        "fim/agent/node/canary.py",
        'if not canary.sha256 or log.get("sha256") != canary.sha256:',
        "if not canary.sha256:",
        ("tests/agent/node/test_canary.py",),
    ),
    Mutant(
        "what a scan found proves nothing",
        "fim/agent/node/canary.py",
        "canary.is_seen = not difference.from_scan",
        "canary.is_seen = True",
        ("tests/agent/node/test_canary.py",),
    ),
    Mutant(
        "a canary that comes back late ends the blindness",
        "fim/agent/node/canary.py",
        "            canary.deadline = math.inf\n",
        '            canary.deadline, canary.sha256 = math.inf, ""\n',
        ("tests/agent/node/test_canary.py",),
    ),
]

LISTS = [
    Mutant(
        "a span of logs ends before its end",
        "fim/logs/filters.py",
        'MomentFilter("timestamp", "lt", label=',
        'MomentFilter("timestamp", "lte", label=',
        ("tests/fim/logs/test_list_logs.py", "tests/fim/logs/test_page_logs.py"),
    ),
    Mutant(
        "a list that day counts do not know is counted by its rows",
        "fim/logs/filters.py",
        '("action", "search", "path", "user", "rule")',
        '("action", "search", "path", "user")',
        ("tests/fim/logs/test_filter_logs.py",),
    ),
    Mutant(
        "every order of a list is total",
        "config/api/filters.py",
        'qs.order_by(*order, "-pk" if order[0].startswith("-") else "pk")',
        "qs.order_by(*order)",
        ("tests/threats/test_list_events.py",),
    ),
    Mutant(
        "a cursor shows no log twice",
        "fim/models/logs.py",
        "Q(timestamp=timestamp) & Q(pk__gte=pk)",
        "Q(timestamp=timestamp) & Q(pk__gt=pk)",
        ("tests/fim/logs/test_page_logs.py",),
    ),
    Mutant(
        "a cursor leaves out no log of the same moment",
        "fim/models/logs.py",
        "Q(timestamp=timestamp) & Q(pk__gte=pk)",
        "Q(timestamp=timestamp)",
        ("tests/fim/logs/test_page_logs.py",),
    ),
    Mutant(
        "a host's deep page is not found by the hours of all hosts",
        "fim/logs/pagination.py",
        "if not (span.host or span.after or span.before):",
        "if not (span.after or span.before):",
        ("tests/fim/logs/test_page_logs.py",),
    ),
]

MUTANTS = [
    *PERMISSIONS,
    *TOKENS,
    *AUDIT,
    *THROTTLES,
    *REPEATS,
    *COUNTS,
    *DEDUP,
    *RETENTION,
    *AGENT,
    *CANARY,
    *LISTS,
]
