"""What package managers did, and when."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

# Package managers log whole seconds, and before or after they write a file.
BEFORE_SECONDS = 1.0
AFTER_SECONDS = 2.0
# More than a release upgrade takes.
MAX_SPANS = 8192
# How many of the latest spans that began before a change may still have been going on.
MAX_LOOKED_AT = 256


@dataclass(frozen=True, slots=True)
class Operation:
    """One package installed, upgraded or removed. A package that is gone has no `version`."""

    tool: str
    package: str
    version: str = ""
    version_before: str = ""

    def as_explanation(self) -> dict[str, str]:
        explanation = {
            "package": self.package,
            "version": self.version,
            "version_before": self.version_before,
            "tool": self.tool,
        }
        return {name: value for name, value in explanation.items() if value}


@dataclass(slots=True)
class Span:
    """A time in which an operation wrote files."""

    operation: Operation
    first_at: float
    last_at: float


class Timeline:
    """The spans in the order of their beginnings, the oldest forgotten."""

    def __init__(self) -> None:
        self._spans: list[Span] = []
        self._ends_at = 0.0

    def __len__(self) -> int:
        return len(self._spans)

    def add(self, operation: Operation, first_at: float, last_at: float = 0.0) -> Span:
        """Add a span. One that began before the last, by a clock set back, clears the others."""
        if self._spans and first_at < self._spans[-1].first_at:
            self._spans.clear()
        span = Span(operation, first_at, max(first_at, last_at))
        self._spans.append(span)
        if len(self._spans) > MAX_SPANS:
            del self._spans[: MAX_SPANS // 2]
        self._ends_at = max(self._ends_at, span.last_at)
        return span

    def extend(self, span: Span, last_at: float) -> None:
        span.last_at = max(span.last_at, last_at)
        self._ends_at = max(self._ends_at, last_at)

    def at(self, moment: float) -> Iterator[Operation]:
        """Return the operations under way at a moment, the latest first."""
        if moment > self._ends_at + AFTER_SECONDS:
            return
        place = bisect_right(self._spans, moment + BEFORE_SECONDS, key=lambda span: span.first_at)
        for span in reversed(self._spans[max(0, place - MAX_LOOKED_AT) : place]):
            if moment <= span.last_at + AFTER_SECONDS:
                yield span.operation
