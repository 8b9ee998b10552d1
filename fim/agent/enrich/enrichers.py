"""What is added to each log before it is kept, in this order."""

from fim.agent.changes.difference import Enricher
from fim.agent.config.file import Config
from fim.agent.enrich.judge import Judge
from fim.agent.enrich.packages import Packages
from fim.agent.enrich.textdiff import TextDiffs
from fim.agent.enrich.who import Who
from fim.agent.enrich.yara import Yara
from fim.agent.node.canary import Canaries
from fim.agent.state.database import State
from fim.agent.watch.scope import outermost


def enrichers(config: Config, state: State) -> list[Enricher]:
    roots = outermost(config.roots)
    canaries = Canaries(
        roots,
        every_seconds=config.canary.every_seconds,
        limit_seconds=config.canary.limit_seconds,
    )
    yara = Yara(config.yara) if config.yara.rules else None
    return [
        Who(config.who, roots),
        Judge(config.judge, allow=config.allow, yara=yara),
        TextDiffs(config.diff, state),
        Packages(state),
        # They come last and take back what the others say of the agent's own change.
        canaries,
    ]
