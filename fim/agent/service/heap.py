"""The C library's heap: one for all threads, where glibc would give each its own."""

import ctypes

# M_ARENA_MAX of malloc.h, mallopt(3).
ARENA_MAX = -8


def share_heap() -> None:
    """Make all threads that start from now on share one heap. Without glibc, do nothing.

    Memory that one thread freed then serves another, which saves a tenth of what a storm takes.
    Python runs one thread at a time, so a heap for each would gain nothing.
    """
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
        mallopt(ARENA_MAX, 1)
