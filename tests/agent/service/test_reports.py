import os

import pytest

from fim.agent.service import reports
from fim.agent.service.reports import Hint, hint_of, packed, unpacked

HOSTILE = os.fsdecode(b"/srv/a\nb \xff'\"$(x)/\xe2\x80\xae.php")


@pytest.mark.parametrize("path", ["/etc/passwd", HOSTILE, "/" + "x" * 4000])
def test_a_hint_comes_back_as_it_was_packed(path):
    hint = Hint(1795351426.105, "IN_CREATE,IN_ISDIR", path)

    assert unpacked(packed(hint) * 2) == [hint, hint]


def test_what_is_torn_is_passed_over():
    whole = packed(Hint(1.0, "IN_MODIFY", "/a"))

    assert [hint.path for hint in unpacked(whole[:9] + b"\0\0" + whole + whole[:9])] == ["/a"]


@pytest.mark.parametrize(
    ("events", "steps", "is_directory"),
    [
        ("IN_CLOSE_WRITE", ["written"], False),
        ("IN_CREATE,IN_ISDIR", ["created"], True),
        ("IN_MOVED_TO", ["moved in"], False),
        ("IN_CLOSE_NOWRITE", [], False),
    ],
)
def test_events_are_the_agents_steps(events, steps, is_directory):
    hint = hint_of("/a", events, at=1.0)

    assert (hint.steps, hint.is_directory) == (steps, is_directory)


@pytest.mark.parametrize(("path", "events"), [("a/b", "IN_CREATE"), ("/a", "CREATE"), ("/a", "")])
def test_refuses_what_is_no_hint(path, events):
    with pytest.raises(ValueError, match="no absolute path|no event of inotify"):
        hint_of(path, events, at=1.0)


def test_hints_that_were_not_dealt_with_stay(tmp_path):
    reports.drop(str(tmp_path), Hint(1.0, "IN_CREATE", HOSTILE))

    with pytest.raises(OSError, match="full"), reports.dropped(str(tmp_path)):
        raise OSError("full")
    with reports.dropped(str(tmp_path)) as waiting:
        assert [hint.path for hint in waiting] == [HOSTILE]
    with reports.dropped(str(tmp_path)) as waiting:
        assert waiting == []


def test_what_waits_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(reports, "MOST_DROP_BYTES", 10)
    reports.drop(str(tmp_path), Hint(1.0, "IN_CREATE", "/a"))

    with pytest.raises(OSError, match="10 bytes of reports wait already"):
        reports.drop(str(tmp_path), Hint(1.0, "IN_CREATE", "/b"))
