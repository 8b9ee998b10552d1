import pytest

from fim.agent.config.sections import NodeSettings
from fim.agent.node.canary import Canaries
from fim.agent.node.heartbeat import Heartbeat
from fim.agent.node.status import Status
from tests.agent.agents import wait_until

TAKEN = (200, {"host": "web-1", "state": "alive"}, {})
AWAY = (503, {"code": "unavailable"}, {})


@pytest.fixture
def forgotten():
    return []


@pytest.fixture
def heart(node, forgotten):
    made = []

    def make(*, status=None, url="", **options):
        heartbeat = Heartbeat(
            NodeSettings(url=url or node.url, key="prefix.secret", timeout_seconds=1.0),
            host="web-1",
            every_seconds=60.0,
            status=lambda: status or Status(started_at=1795351426.5),
            canaries=Canaries(["/srv/www"], every_seconds=0, limit_seconds=1),
            forget_dropped=forgotten.extend,
            version="1.2",
            **options,
        )
        made.append(heartbeat)
        return heartbeat

    yield make
    for each in made:
        each.stop()


def test_tells_what_the_agent_knows_of_itself(node, heart):
    node.heartbeat_answers.append(TAKEN)
    status = Status(
        started_at=1795351426.5, seq=7, watches=3, unwatched={"/srv/\udcff": "no watch left"},
        spool_depth=2, overflows=1, ignored={"*.log": 4, "*.tmp": 1},
    )  # fmt: skip

    assert heart(status=status).beat()

    beat = node.heartbeats[0]
    assert beat["headers"]["Authorization"] == "Api-Key prefix.secret"
    assert beat["started_at"] == "2026-11-22T12:43:46.500000+00:00"
    assert (beat["host"], beat["seq"], beat["watches"], beat["ignored"]) == ("web-1", 7, 3, 5)
    assert (beat["unwatched"], beat["blind_since"], beat["every_seconds"]) == (
        ["/srv/\\xff"],
        None,
        60,
    )


def test_dropped_logs_are_told_until_a_node_took_them(node, heart, forgotten):
    node.heartbeat_answers += [AWAY, TAKEN]
    heartbeat = heart(status=Status(1.0, dropped=[(3, 9, 5)]))

    heartbeat.beat()
    told_in_vain = list(forgotten)
    heartbeat.beat()

    assert told_in_vain == []
    assert forgotten == [(3, 9, 5)]
    assert node.heartbeats[1]["dropped"] == [{"first_seq": 3, "last_seq": 9, "count": 5}]


def test_tells_no_more_ranges_at_once_than_a_node_takes(node, heart, forgotten):
    node.heartbeat_answers.append(TAKEN)
    ranges = [(number * 3, number * 3, 1) for number in range(1500)]

    heart(status=Status(1.0, dropped=ranges)).beat()

    assert forgotten == ranges[:1000]


def test_a_node_that_is_away_is_said_once(node, heart, caplog):
    node.heartbeat_answers += [AWAY, AWAY, TAKEN]
    heartbeat = heart()

    for _ in range(3):
        heartbeat.beat()

    assert [record.getMessage() for record in caplog.records] == [
        "The node takes no heartbeats: 503 Service Unavailable.",
        "The node takes heartbeats again.",
    ]


def test_a_node_that_comes_back_is_made_known_once(node, heart):
    node.heartbeat_answers += [TAKEN, AWAY, AWAY, TAKEN, TAKEN]
    returns = []
    heartbeat = heart(on_return=lambda: returns.append(len(node.heartbeats)))

    for _ in range(5):
        heartbeat.beat()

    assert returns == [4]


def test_no_node_at_all_is_no_error(heart):
    assert not heart(url="http://127.0.0.1:1").beat()


def test_an_idle_connection_that_was_closed_is_opened_again(node, heart):
    node.heartbeat_answers += [TAKEN, None, TAKEN]
    heartbeat = heart()

    assert heartbeat.beat()
    assert heartbeat.beat()


def test_beats_on_its_schedule_and_at_once_when_woken(node, heart):
    node.heartbeat_answers += [TAKEN] * 20
    heartbeat = heart()
    heartbeat.start()
    assert wait_until(lambda: len(node.heartbeats) == 1)

    heartbeat.wake()

    assert wait_until(lambda: len(node.heartbeats) == 2)
