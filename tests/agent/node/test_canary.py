import hashlib
import json
import os
import time
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from fim.agent.changes.difference import Difference
from fim.agent.node import canary as module
from fim.agent.node.canary import Canaries
from tests.agent.agents import wait_until


@pytest.fixture
def canaries(tmp_path):
    made = []

    def make(*roots, every_seconds=60.0, limit_seconds=0.2, **options):
        roots = [str(root) for root in roots or [tmp_path]]
        found = Canaries(roots, every_seconds=every_seconds, limit_seconds=limit_seconds, **options)
        found.start()
        made.append(found)
        return found

    yield make
    for each in made:
        each.stop()


@pytest.fixture
def clock(monkeypatch):
    """Time stands until it is let pass: a test may be as slow as its machine."""
    clock = SimpleNamespace(now=1000.0, time=time.time, monotonic=lambda: clock.now)
    monkeypatch.setattr(module, "time", clock)
    return clock


def log_now():
    return {"timestamp": datetime.now(UTC).isoformat()}


def come_back(canaries, path, action="modified", **fields):
    """Let the canary's change come back as the engine and the sender would."""
    wait_until_written(path)
    log = log_now() | {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    log["category"] = "suspicious"
    canaries.enrich(log, Difference(action, str(path), **fields))
    canaries.note_acknowledged([json.dumps(log).encode()])
    return log


def test_the_log_of_a_canary_is_marked(canaries, tmp_path):
    log = come_back(canaries(), tmp_path / ".picket-canary")

    assert (log["rule"], log["attributes"]) == ("picket-canary", {"canary": True})
    assert log["category"] == ""


def test_a_canary_that_comes_back_leaves_nobody_blind(canaries, tmp_path, clock):
    found = canaries(every_seconds=0.5)
    come_back(found, tmp_path / ".picket-canary")

    write_next(tmp_path / ".picket-canary", clock)

    assert (found.blind_since, found.blind_roots) == (None, [])


def test_a_root_whose_canary_does_not_come_back_is_blind_since_it_was_written(canaries, tmp_path):
    seen, unseen = tmp_path / "seen", tmp_path / "unseen"
    seen.mkdir()
    unseen.mkdir()
    started = time.time()
    found = canaries(seen, unseen, limit_seconds=0.4)
    come_back(found, seen / ".picket-canary")

    assert wait_until(lambda: found.blind_roots == [str(unseen)])
    assert started <= found.blind_since <= time.time() - 0.4


def test_a_blind_root_that_is_seen_again_says_so(canaries, tmp_path, caplog, clock):
    news = []
    found = canaries(every_seconds=0.5, on_change=lambda: news.append(found.blind_since))
    go_blind(found, tmp_path / ".picket-canary", clock)
    write_next(tmp_path / ".picket-canary", clock)

    come_back(found, tmp_path / ".picket-canary")

    assert found.blind_since is None
    assert "is seen again" in caplog.text
    assert [bool(each) for each in news] == [True, False]


def test_what_a_scan_found_is_no_proof(canaries, tmp_path):
    found = canaries()

    log = come_back(found, tmp_path / ".picket-canary", from_scan=True)

    assert log["rule"] == "picket-canary"
    assert wait_until(lambda: found.blind_roots)


def wait_until_written(path):
    assert wait_until(path.exists)
    assert wait_until(path.read_bytes)


def go_blind(canaries, path, clock):
    wait_until_written(path)
    clock.now += 0.2
    assert wait_until(lambda: canaries.blind_since)


def write_next(path, clock):
    before = path.read_bytes()
    clock.now += 0.5
    assert wait_until(lambda: path.read_bytes() not in (before, b""))


def seen(canaries, path):
    """Let the canary's change reach the spool alone; give its log."""
    wait_until_written(path)
    log = log_now() | {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    canaries.enrich(log, Difference("modified", str(path)))
    return log


def test_a_canary_that_no_node_acknowledges_is_blindness(canaries, tmp_path, caplog):
    found = canaries()

    seen(found, tmp_path / ".picket-canary")

    assert wait_until(lambda: found.blind_roots == [str(tmp_path)])
    assert found.blind_reason == "node"
    assert "no node acknowledged its canary within 0.2 s" in caplog.text


def test_the_proof_of_one_root_is_none_of_another(canaries, tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    found = canaries(one, other)
    log = seen(found, one / ".picket-canary")
    seen(found, other / ".picket-canary")
    wait_until(lambda: len(found.blind_roots) == 2)

    found.note_acknowledged([json.dumps(log).encode()])

    assert found.blind_roots == [str(other)]


def test_it_is_blind_since_the_last_canary_that_came_back(canaries, tmp_path, clock):
    found = canaries(every_seconds=0.5)
    come_back(found, tmp_path / ".picket-canary")
    came_back_at = time.time()

    write_next(tmp_path / ".picket-canary", clock)
    go_blind(found, tmp_path / ".picket-canary", clock)

    assert found.blind_since < came_back_at


def test_what_is_acknowledged_late_ends_it_and_is_told_to_the_node_that_was_away(
    canaries, tmp_path
):
    found = canaries()
    log = seen(found, tmp_path / ".picket-canary")
    wait_until(lambda: found.blind_since)
    since = found.blind_since

    found.note_acknowledged([json.dumps(log).encode()])

    assert (found.blind_since, found.blind_reason) == (None, "")
    (span,) = found.unreported_spans
    assert (span.since, span.reason) == (since, "node")
    assert span.until >= since + 0.2
    found.note_accepted(is_blind=False, spans=[span])
    assert found.unreported_spans == []


@pytest.fixture
def unacknowledged(canaries, tmp_path, clock):
    """Canaries whose time is up, with a node that has just taken a heartbeat."""
    found = canaries()
    seen(found, tmp_path / ".picket-canary")
    clock.now += 0.2
    assert wait_until(lambda: found.blind_since)
    found.note_accepted(is_blind=True, spans=[])
    return found


def test_a_node_that_answers_and_acknowledges_nothing_is_another_reason(unacknowledged, clock):
    assert unacknowledged.blind_reason == "node"

    clock.now += 0.2

    assert unacknowledged.blind_reason == "sending"


def log_of(moment):
    """Return the line of a log that came up at this Unix time."""
    return json.dumps({"timestamp": datetime.fromtimestamp(moment, UTC).isoformat()}).encode()


def test_a_node_that_takes_what_had_waited_for_it_is_given_time(unacknowledged, clock):
    clock.now += 0.2

    unacknowledged.note_acknowledged([log_of(time.time() - 60)])

    assert unacknowledged.blind_reason == "node"
    clock.now += 0.2
    assert unacknowledged.blind_reason == "sending"


def test_what_came_up_since_it_answers_gives_it_none(unacknowledged, clock):
    clock.now += 0.2

    unacknowledged.note_acknowledged([log_of(time.time())])

    assert unacknowledged.blind_reason == "sending"


def test_what_the_kernel_told_late_was_told(canaries, tmp_path):
    found = canaries()
    assert wait_until(lambda: found.blind_reason == "watching")

    seen(found, tmp_path / ".picket-canary")

    assert found.blind_reason == "node"


def test_what_the_kernel_never_told_stays_the_reason(canaries, tmp_path, clock):
    found = canaries(every_seconds=0.5)
    go_blind(found, tmp_path / ".picket-canary", clock)
    write_next(tmp_path / ".picket-canary", clock)

    seen(found, tmp_path / ".picket-canary")

    assert found.blind_reason == "watching"


def test_what_the_kernel_did_not_tell_is_the_reason_above_all(canaries, tmp_path):
    found = canaries()

    wait_until(lambda: found.blind_since)

    assert found.blind_reason == "watching"


def test_a_blindness_that_a_heartbeat_told_of_is_not_told_again(canaries, tmp_path, clock):
    found = canaries(every_seconds=0.5)
    go_blind(found, tmp_path / ".picket-canary", clock)
    found.note_accepted(is_blind=True, spans=[])
    write_next(tmp_path / ".picket-canary", clock)

    come_back(found, tmp_path / ".picket-canary")

    assert (found.blind_since, found.unreported_spans) == (None, [])


def test_what_another_wrote_into_it_is_a_log_like_any(canaries, tmp_path):
    found = canaries()
    wait_until((tmp_path / ".picket-canary").exists)
    log = {"sha256": "00", "category": "danger"}

    found.enrich(log, Difference("modified", str(tmp_path / ".picket-canary")))

    assert log == {"sha256": "00", "category": "danger"}


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_never_writes_through_a_link(canaries, tmp_path, link, caplog):
    root, target = tmp_path / "root", tmp_path / "target"
    root.mkdir()
    target.write_text("precious")
    link(target, root / ".picket-canary")

    found = canaries(root)

    assert wait_until(lambda: found.blind_roots == [str(root)])
    assert target.read_text() == "precious"
    assert "cannot be written" in caplog.text


def test_a_fifo_in_its_place_does_not_hold_it_up(canaries, tmp_path):
    os.mkfifo(tmp_path / ".picket-canary")

    found = canaries()

    assert wait_until(lambda: found.blind_roots)


def test_no_canaries_are_written_where_none_are_wanted(canaries, tmp_path):
    found = canaries(every_seconds=0.0)

    found.stop()

    assert not (tmp_path / ".picket-canary").exists()
