"""Unified diffs, bounded."""

import random
import shutil
import subprocess
import time

import pytest

from fim.agent.enrich.unified import MAX_CHARACTERS, unified_diff


@pytest.mark.skipif(not shutil.which("diff"), reason="there is no diff here")
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\nb\nc\n", "a\nB\nc\n"),
        ("", "a\nb\n"),
        ("a\nb\n", ""),
        ("a\n", "a"),
        ("a", "b"),
        ("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\n5\n6\n7\n8\nnine\n"),
        ("x\n" * 3 + "a\n" + "y\n" * 20 + "b\n", "x\n" * 3 + "A\n" + "y\n" * 20 + "B\n"),
        ("b\n", "a\nb\n"),
        ("a\na\na\n", "a\na\n"),
    ],
)
def test_says_what_diff_says(tmp_path, before, after):
    (tmp_path / "a").write_text(before)
    (tmp_path / "b").write_text(after)
    command = ["diff", "-u", tmp_path / "a", tmp_path / "b"]
    said = subprocess.run(command, capture_output=True, text=True).stdout

    assert unified_diff(before, after).splitlines() == said.splitlines()[2:]


def test_equal_texts_differ_in_nothing():
    assert unified_diff("a\nb", "a\nb") == ""


def test_shows_control_characters():
    diff = unified_diff("a\n", "a\r\n\x1b[2J\u202e\n")

    assert diff == "@@ -1 +1,2 @@\n-a\n+a\\x0d\n+\\x1b[2J\\u202e"


def test_a_long_line_is_cut():
    diff = unified_diff("", "x" * 60_000 + "\n")

    assert diff.endswith("... 60001 characters")
    assert len(diff) < 500


def test_a_long_diff_is_cut_and_says_so():
    diff = unified_diff("", "\u20ac line\n" * 5000)

    assert diff.splitlines()[-1] == "... 4601 more lines"
    assert len(diff) < MAX_CHARACTERS


def test_no_text_keeps_it_busy():
    cast = random.Random(5)
    texts = [
        "".join(f"{cast.randrange(290)}\n" for _ in range(count))
        for count in (1500, 1500, 60_000, 60_000)
    ]

    began_at = time.process_time()
    unified_diff(*texts[:2])
    unified_diff(*texts[2:])
    unified_diff("x\n" * 32_000, "y\nx\n" * 16_000)

    assert time.process_time() - began_at < 2
