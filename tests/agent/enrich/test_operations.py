"""What package managers did at a moment."""

import time

from fim.agent.enrich.dpkg_log import DpkgLog
from fim.agent.enrich.operations import MAX_SPANS, Operation, Timeline

A, B = Operation("dpkg", "a"), Operation("dpkg", "b")


def test_gives_what_was_going_on_the_latest_first():
    timeline = Timeline()
    timeline.add(A, 100, 110)
    timeline.add(B, 105, 106)

    assert list(timeline.at(106)) == [B, A]
    assert list(timeline.at(109)) == [A]


def test_a_span_reaches_as_far_as_whole_seconds_may_err():
    timeline = Timeline()
    timeline.add(A, 100, 110)

    assert [list(timeline.at(at)) for at in (98.9, 99, 112, 112.1)] == [[], [A], [A], []]


def test_a_clock_that_was_set_back_ends_what_was_known():
    timeline = Timeline()
    timeline.add(A, 100, 110)
    timeline.add(B, 50, 51)

    assert list(timeline.at(105)) == []
    assert list(timeline.at(50)) == [B]


def test_forgets_the_oldest():
    timeline = Timeline()
    for at in range(2 * MAX_SPANS):
        timeline.add(A, at)

    assert len(timeline) <= MAX_SPANS
    assert list(timeline.at(10)) == []


def test_configure_belongs_to_the_upgrade_before_it(tmp_path):
    log = tmp_path / "dpkg.log"
    log.write_text(
        "2026-03-04 10:00:00 upgrade a:amd64 1 2\n"
        "2026-03-04 10:00:01 status unpacked a:amd64 2\n"
        "2026-03-04 10:05:00 configure a:amd64 2 <none>\n"
        "2026-03-04 10:05:03 status installed a:amd64 2\n"
    )
    start = time.mktime((2026, 3, 4, 10, 0, 0, 0, 0, -1))
    found = DpkgLog(str(log))

    expected = [Operation("dpkg", "a:amd64", "2", "1")]
    assert list(found.operations_at(start + 1)) == expected
    assert list(found.operations_at(start + 100)) == []
    assert list(found.operations_at(start + 302)) == expected


def test_reads_a_line_that_is_written_in_two_parts(tmp_path):
    log = tmp_path / "dpkg.log"
    log.write_text("2026-03-04 10:00:00 install a:amd64 <no")
    start = time.mktime((2026, 3, 4, 10, 0, 0, 0, 0, -1))
    found = DpkgLog(str(log))
    before = list(found.operations_at(start))
    with log.open("a") as file:
        file.write("ne> 1\n")

    assert (before, list(found.operations_at(start))) == ([], [Operation("dpkg", "a:amd64", "1")])
