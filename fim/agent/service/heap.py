"""The C library's heap, of which each thread would have one of its own."""

import ctypes

# M_ARENA_MAX of malloc.h, mallopt(3).
ARENA_MAX = -8


def share_heap() -> None:
    """Let all threads that start from now on share one heap; nothing where libc is not glibc's.

    What one thread freed, another can have: a tenth of what a storm takes. Python runs one thread
    at a time, so there is nothing to gain by heaps for each.
    """
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
        mallopt(ARENA_MAX, 1)
