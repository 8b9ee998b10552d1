import os
import tracemalloc

from fim.agent.lost_and_found import LostAndFound


def test_what_is_lost_in_one_place_and_found_in_another_was_moved():
    both = LostAndFound()
    both.lose("/srv/gone", (1, 7, 0))
    both.lose("/srv/old", (1, 8, 0))
    both.find("/srv/new", (1, 8, 0))
    both.find("/srv/other", (1, 9, 0))

    assert list(both) == [["/srv/old", "/srv/new"], ["/srv/other"], ["/srv/gone"]]


def test_each_lost_name_of_one_file_is_the_source_of_one_move():
    both = LostAndFound()
    for name in ("a", "b"):
        both.lose(f"/srv/{name}", (1, 7, 0))
    both.find("/srv/c", (1, 7, 0))

    assert list(both) == [["/srv/a", "/srv/c"], ["/srv/b"]]


def test_a_name_is_given_as_it_was_whatever_its_bytes():
    both = LostAndFound()
    both.find(os.fsdecode(b"/srv/\xff\n"), (1, 7, 0))

    assert list(both) == [[os.fsdecode(b"/srv/\xff\n")]]


def test_memory_does_not_grow_with_what_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("SQLITE_TMPDIR", os.fspath(tmp_path))
    both = LostAndFound()
    tracemalloc.start()
    for number in range(20_000):
        both.find(f"/srv/{number:0100}", (1, number, 0))
    told = sum(1 for _ in both)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert told == 20_000
    assert peak < 1_000_000
