"""What goes on beside the watching, in a whole agent before a small node."""

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from fim.agent import VERSION
from fim.agent.config.sections import CanarySettings, HeartbeatSettings
from fim.agent.service.background_services import BackgroundServices
from fim.agent.service.reports import Report, save
from tests.agent.agents import running_agent, wait_until

TURNED_AWAY = (503, {"code": "unavailable"}, {})


@pytest.fixture
def tree():
    """A directory with a short name: the agent's socket has an address of 107 bytes."""
    place = Path(tempfile.mkdtemp(prefix="picket-"))
    (place / "tree").mkdir()
    yield place / "tree"
    shutil.rmtree(place)


@contextmanager
def attended_agent(tree, node, **settings):
    settings.setdefault("canary", CanarySettings(every_seconds=0.3, limit_seconds=5))
    settings.setdefault("heartbeat", HeartbeatSettings(every_seconds=0.3))
    with running_agent(tree, node.url, **settings) as agent:
        services = BackgroundServices(agent)
        services.start()
        try:
            yield agent
        finally:
            services.stop()


def canary_logs(node):
    return [log for log in node.logs if log.get("rule") == "picket-canary"]


@pytest.mark.parametrize("ignore", [(), (".*",)])
def test_a_canary_comes_back_whatever_is_ignored(tree, node, ignore):
    with attended_agent(tree, node, ignore=ignore):
        # Another is written only when the first has come back.
        assert wait_until(lambda: len(canary_logs(node)) >= 2)

    assert canary_logs(node)[1]["attributes"] == {"canary": True}
    assert node.heartbeats[-1]["version"] == VERSION
    assert node.heartbeats[-1]["blind_since"] is None


def test_a_root_that_is_gone_is_blind_at_once(tree, node):
    canary = CanarySettings(every_seconds=0.3, limit_seconds=1)
    with attended_agent(tree, node, canary=canary):
        assert wait_until(lambda: canary_logs(node))
        shutil.rmtree(tree)

        assert wait_until(lambda: node.heartbeats[-1]["blind_roots"] == [str(tree)])


def test_a_node_that_was_away_hears_of_the_blindness_that_it_ended(tree, node):
    canary = CanarySettings(every_seconds=0.3, limit_seconds=1)
    node.answers += [TURNED_AWAY] * 3
    node.heartbeat_answers += [TURNED_AWAY] * 100
    with attended_agent(tree, node, canary=canary):
        wait_until(lambda: len(node.batches) >= 4)
        node.heartbeat_answers.clear()
        assert wait_until(lambda: any(beat["was_blind"] for beat in node.heartbeats))
        assert wait_until(lambda: node.heartbeats[-1]["was_blind"] == [])

    (span,) = [beat["was_blind"] for beat in node.heartbeats if beat["was_blind"]][0]
    assert span["reason"] == "node"
    assert span["since"] < span["until"]
    assert node.heartbeats[-1]["blind_since"] is None


def test_a_node_that_takes_heartbeats_again_gets_the_logs_at_once(tree, node):
    node.answers.append((*TURNED_AWAY[:2], {"Retry-After": "300"}))
    node.heartbeat_answers += [TURNED_AWAY] * 100
    with attended_agent(tree, node):
        wait_until(lambda: node.batches and len(node.heartbeats) > 1)
        node.heartbeat_answers.clear()

        assert wait_until(lambda: len(node.batches) > 1)


def report(tree, path):
    """Leave a report for the agent's start."""
    state = tree.parent / "state"
    state.mkdir(exist_ok=True)
    save(str(state), Report(1795351426.0, "IN_CLOSE_WRITE", str(path)))


def reported(tree, node, **settings):
    """Return the paths of the logs by the time that a later change has come."""
    with attended_agent(tree, node, **settings):
        (tree / "later").write_text("x")
        assert wait_until(lambda: [log for log in node.logs if log["path"] == str(tree / "later")])
    return [log["path"] for log in node.logs]


def test_reports_of_any_path_are_looked_at(tree, node):
    elsewhere = tree.parent / "elsewhere"
    elsewhere.write_text("x")
    report(tree, elsewhere)

    assert str(elsewhere) in reported(tree, node)


def test_reports_of_ignored_paths_are_not(tree, node):
    elsewhere = tree.parent / "a.log"
    elsewhere.write_text("x")
    report(tree, elsewhere)

    assert str(elsewhere) not in reported(tree, node, ignore=("*.log",))


def test_reports_through_a_link_are_named_without_it(tree, node):
    (tree.parent / "other").mkdir()
    (tree.parent / "other" / "f").write_text("x")
    (tree.parent / "link").symlink_to(tree.parent / "other")
    report(tree, tree.parent / "link" / "f")

    paths = reported(tree, node)

    assert str(tree.parent / "other" / "f") in paths
    assert str(tree.parent / "link" / "f") not in paths
