"""What a package manager did, and when."""

from dataclasses import dataclass, field

# Logs of package managers know whole seconds; what they tell of happened within them.
BEFORE_SECONDS = 1.0
AFTER_SECONDS = 2.0


@dataclass(slots=True)
class Operation:
    """One package installed, upgraded or removed. `spans` are the times in which it wrote files."""

    tool: str
    package: str
    version: str = ""
    version_before: str = ""
    spans: list[list[float]] = field(default_factory=list)

    def covers(self, moment: float) -> bool:
        return any(
            first - BEFORE_SECONDS <= moment <= last + AFTER_SECONDS for first, last in self.spans
        )

    @property
    def last_at(self) -> float:
        return max(last for _, last in self.spans)

    def as_explanation(self) -> dict[str, str]:
        explanation = {
            "package": self.package,
            "version": self.version,
            "version_before": self.version_before,
            "tool": self.tool,
        }
        return {name: value for name, value in explanation.items() if value}
