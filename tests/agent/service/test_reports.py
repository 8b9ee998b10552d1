import os

import pytest

from fim.agent.service import reports
from fim.agent.service.reports import Report, packed, report_of, unpacked

HOSTILE = os.fsdecode(b"/srv/a\nb \xff'\"$(x)/\xe2\x80\xae.php")


@pytest.mark.parametrize("path", ["/etc/passwd", HOSTILE, "/" + "x" * 4000])
def test_a_report_comes_back_as_it_was_packed(path):
    report = Report(1795351426.105, "IN_CREATE,IN_ISDIR", path)

    assert unpacked(packed(report) * 2) == [report, report]


def test_what_is_torn_is_passed_over():
    whole = packed(Report(1.0, "IN_MODIFY", "/a"))

    assert [report.path for report in unpacked(whole[:9] + b"\0\0" + whole + whole[:9])] == ["/a"]


@pytest.mark.parametrize(
    ("events", "changes", "is_directory"),
    [
        ("IN_CLOSE_WRITE", ["written"], False),
        ("IN_CREATE,IN_ISDIR", ["created"], True),
        ("IN_MOVED_TO", ["moved in"], False),
        ("IN_CLOSE_NOWRITE", [], False),
    ],
)
def test_inotifys_names_are_told_in_the_agents_words(events, changes, is_directory):
    report = report_of("/a", events, at=1.0)

    assert (report.changes, report.is_directory) == (changes, is_directory)


@pytest.mark.parametrize(("path", "events"), [("a/b", "IN_CREATE"), ("/a", "CREATE"), ("/a", "")])
def test_refuses_what_is_no_report(path, events):
    with pytest.raises(ValueError, match="no absolute path|no event of inotify"):
        report_of(path, events, at=1.0)


def test_reports_that_were_not_dealt_with_stay(tmp_path):
    reports.save(str(tmp_path), Report(1.0, "IN_CREATE", HOSTILE))

    with pytest.raises(OSError, match="full"), reports.saved(str(tmp_path)):
        raise OSError("full")
    with reports.saved(str(tmp_path)) as waiting:
        assert [report.path for report in waiting] == [HOSTILE]
    with reports.saved(str(tmp_path)) as waiting:
        assert waiting == []


def test_what_waits_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(reports, "MAX_SAVED_BYTES", 10)
    reports.save(str(tmp_path), Report(1.0, "IN_CREATE", "/a"))

    with pytest.raises(OSError, match="10 bytes of reports wait already"):
        reports.save(str(tmp_path), Report(1.0, "IN_CREATE", "/b"))
