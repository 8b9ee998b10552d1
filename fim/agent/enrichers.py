"""What is added to each log before it is kept, in this order."""

from fim.agent.canary import Canaries
from fim.agent.config import Config
from fim.agent.difference import Enricher
from fim.agent.judge import Judge
from fim.agent.packages import Packages
from fim.agent.scope import outermost
from fim.agent.state import State
from fim.agent.textdiff import TextDiffs
from fim.agent.who import Who
from fim.agent.yara import Yara


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
