"""File-system events: what the kernel reports, as the agent names it."""

from typing import NamedTuple

CREATED = "created"
WRITTEN = "written"
ATTRIBUTES = "attributes"
DELETED = "deleted"
MOVED = "moved"
MOVED_IN = "moved in"
MOVED_OUT = "moved out"
# Not reported by the kernel: it was there when its new directory was listed.
FOUND = "found"
ARRIVALS = frozenset((CREATED, MOVED_IN, FOUND))
DEPARTURES = frozenset((DELETED, MOVED_OUT))


class FsEvent(NamedTuple):
    """Paths are as `os.fsdecode` gives them; `at` is a Unix time."""

    at: float
    what: str
    path: str
    path_from: str = ""
    is_directory: bool = False

    @property
    def is_directory_move(self) -> bool:
        return self.is_directory and self.what == MOVED

    def __str__(self) -> str:
        if self.what == MOVED:
            return f"moved {self.path_from} to {self.path}"
        return f"{self.what} {self.path}"
