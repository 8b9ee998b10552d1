"""Which paths the agent looks at: all below its roots except what is ignored."""

import os
from collections import Counter
from collections.abc import Collection, Iterable

from fim.agent.config.patterns import Patterns
from fim.agent.node.canary import CANARY_NAME


class Scope:
    """`hidden` directories are left out without being counted: the agent's own state, for one."""

    def __init__(
        self, roots: Iterable[str], *, ignore: Collection[str] = (), hidden: Collection[str] = ()
    ) -> None:
        self.roots = outermost(roots)
        self.ignoring = {"patterns": list(ignore), "hidden": list(hidden)}
        # A canary is never ignored, so that no broad pattern makes the agent blind.
        self._canaries = {os.path.join(root, CANARY_NAME) for root in self.roots}
        self._patterns = Patterns(ignore)
        self._hidden = tuple(os.path.realpath(path) + os.sep for path in hidden)
        self.ignored: Counter[str] = Counter()

    @property
    def is_everything(self) -> bool:
        return not self._patterns and not self._hidden

    def includes(self, path: str, *, is_directory: bool = False, is_event: bool = False) -> bool:
        """Return whether to look at a path. With `is_event`, count it if a pattern ignores it."""
        if self._hidden and (path + os.sep).startswith(self._hidden):
            return False
        if not self._patterns or path in self._canaries:
            return True
        pattern = self._patterns.match(path, is_directory=is_directory)
        if pattern and is_event:
            self.ignored[pattern] += 1
        return not pattern

    def root_of(self, path: str) -> str | None:
        return next((root for root in self.roots if is_below(path, root)), None)


def is_below(path: str, top: str) -> bool:
    """Return whether a path is `top` or lies below it."""
    return path == top or path.startswith(top.rstrip(os.sep) + os.sep)


def outermost(directories: Iterable[str]) -> list[str]:
    """Resolve the directories and leave out those that lie in another one of them."""
    kept: list[str] = []
    for path in sorted({os.path.realpath(directory) for directory in directories}):
        if not any(is_below(path, outer) for outer in kept):
            kept.append(path)
    return kept
