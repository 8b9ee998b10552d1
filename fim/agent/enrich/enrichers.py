"""What is added to each log before it is kept, and in which order."""

from collections.abc import Callable
from dataclasses import dataclass

from fim.agent.changes.difference import Enricher, Keeper
from fim.agent.config.file import Config
from fim.agent.enrich.judge import Judge
from fim.agent.enrich.packages import Packages
from fim.agent.enrich.textdiff import TextDiffs
from fim.agent.enrich.who import WhoEnricher
from fim.agent.enrich.yara import Yara
from fim.agent.node.canary import Canaries
from fim.agent.state.database import State
from fim.agent.watch.scope import outermost


@dataclass(frozen=True, slots=True)
class Enrichers:
    who: WhoEnricher
    judge: Judge
    text_diffs: TextDiffs
    packages: Packages
    canaries: Canaries

    @property
    def in_order(self) -> tuple[Enricher, ...]:
        """All of them. Canaries are last: they override what others set in the agent's own logs."""
        return (self.who, self.judge, self.text_diffs, self.packages, self.canaries)

    @property
    def keepers(self) -> tuple[Keeper, ...]:
        return (self.text_diffs,)

    def close(self) -> None:
        self.judge.close()
        self.packages.close()


def make_enrichers(
    config: Config, state: State, *, on_blindness: Callable[[], None] = lambda: None
) -> Enrichers:
    """Return what a configuration asks for; `on_blindness` is called where it begins or ends."""
    roots = outermost(config.roots)
    yara = Yara(config.yara) if config.yara.rules else None
    return Enrichers(
        who=WhoEnricher(config.who, roots),
        judge=Judge(config.judge, allow=config.allow, yara=yara),
        text_diffs=TextDiffs(config.diff, state),
        packages=Packages(state),
        canaries=Canaries(
            roots,
            every_seconds=config.canary.every_seconds,
            limit_seconds=config.canary.limit_seconds,
            on_change=on_blindness,
        ),
    )
