import os
import subprocess
import sys

from fim.agent.scan.moved_files import MovedFiles
from tests.node import ROOT


def test_what_is_lost_in_one_place_and_found_in_another_was_moved():
    both = MovedFiles()
    both.add_missing("/srv/gone", (1, 7, 0))
    both.add_missing("/srv/old", (1, 8, 0))
    both.add_new("/srv/new", (1, 8, 0))
    both.add_new("/srv/other", (1, 9, 0))

    assert list(both) == [["/srv/old", "/srv/new"], ["/srv/other"], ["/srv/gone"]]


def test_each_lost_name_of_one_file_is_the_source_of_one_move():
    both = MovedFiles()
    for name in ("a", "b"):
        both.add_missing(f"/srv/{name}", (1, 7, 0))
    both.add_new("/srv/c", (1, 7, 0))

    assert list(both) == [["/srv/a", "/srv/c"], ["/srv/b"]]


def test_a_name_is_given_as_it_was_whatever_its_bytes():
    both = MovedFiles()
    both.add_new(os.fsdecode(b"/srv/\xff\n"), (1, 7, 0))

    assert list(both) == [[os.fsdecode(b"/srv/\xff\n")]]


FILL = """
from pathlib import Path
from fim.agent.scan.moved_files import MovedFiles

def peak():
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])

both = MovedFiles()
before = peak()
for number in range(100_000):
    both.add_new(f"/srv/{number:0100}", (1, number, 0))
told = sum(1 for _ in both)
print(told, peak() - before)
"""


def test_memory_does_not_grow_with_what_is_found(tmp_path):
    """In a process of its own, for memory that other tests left free would hide it."""
    done = subprocess.run(
        [sys.executable, "-c", FILL],
        cwd=ROOT,
        env={**os.environ, "SQLITE_TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )

    told, kilobytes = map(int, done.stdout.split())
    assert told == 100_000
    assert kilobytes < 5_000
