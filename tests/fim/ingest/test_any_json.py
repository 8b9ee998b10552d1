"""Whatever JSON a client sends: a log that can be stored, or a refusal. Never anything else."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fim.logs.serializers import FimLogSerializer
from fim.models import FimLog
from fim.record.fields import HASH_FIELDS, LIMITS, MAX_INTEGER, NUMBER_FIELDS, InvalidRecord
from fim.record.new_log import NewLog
from fim.record.reading import READERS, read_log
from fim.store.write import store_logs
from tests.factories import NOON

TEXT = st.text(st.characters(codec=None), max_size=80)
WORDS = st.sampled_from(["created", "DIUBAH", "IN_CREATE,\x00", "malware", "[BAHAYA] \ud800", "/a"])
TIMES = st.sampled_from(["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2026-03-14"])
NUMBERS = st.integers() | st.floats() | st.sampled_from([2**63, -(2**63) - 1, 10**400])
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT | WORDS | TIMES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
STORABLE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)
STORABLE_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | STORABLE,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(STORABLE, inner, max_size=4),
    max_leaves=12,
)
LOGS = st.fixed_dictionaries(
    {"path": STORABLE.filter(bool), "action": st.sampled_from(["modified", "DIUBAH"])},
    optional=dict.fromkeys(LIMITS.keys() - {"path", "action"} - set(HASH_FIELDS), STORABLE)
    | {name: st.integers(0, MAX_INTEGER) for name in NUMBER_FIELDS}
    | {"event_id": st.uuids().map(str)}
    | {"timestamp": st.datetimes(timezones=st.timezones()).map(str) | TIMES}
    | {"attributes": st.dictionaries(STORABLE, STORABLE_JSON, max_size=4)},
)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(record=JSON | st.dictionaries(st.sampled_from(sorted(READERS)), JSON) | LOGS)
def test_gives_a_log_or_a_refusal(record):
    try:
        log = read_log(record, received_at=NOON, default_host="web-1")
    except InvalidRecord as exc:
        assert exc.fields
    else:
        assert isinstance(log, NewLog)


@pytest.mark.django_db
@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(record=LOGS)
def test_stores_and_tells_whatever_is_no_refusal(record):
    try:
        new_log = read_log(record, received_at=NOON, default_host="web-1")
    except InvalidRecord:
        return
    for log in store_logs([new_log]).logs:
        stored = FimLogSerializer(FimLog.objects.get(pk=log.id)).data
        assert stored["path"] == record["path"]
