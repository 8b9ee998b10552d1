"""Waiting for what a test can ask for: as long as a slow machine needs, never by the clock."""

import time

# Only what hangs takes so long.
PATIENCE_SECONDS = 120.0
FIRST_PAUSE_SECONDS = 0.01
# What is asked may be a node, which bounds how often.
MAX_PAUSE_SECONDS = 0.05


def wait_until(is_so, *, explain=lambda: "", within_seconds=PATIENCE_SECONDS):
    """Return what `is_so` returns once that is true. Fails with what `explain` says where it stays
    false.
    """
    deadline = time.monotonic() + within_seconds
    pause_seconds = FIRST_PAUSE_SECONDS
    while not (found := is_so()):
        assert time.monotonic() < deadline, explain()
        time.sleep(pause_seconds)
        pause_seconds = min(pause_seconds * 1.5, MAX_PAUSE_SECONDS)
    return found
