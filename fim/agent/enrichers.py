"""What is added to each log before it is kept, in this order."""

from fim.agent.config import Config
from fim.agent.difference import Enricher
from fim.agent.judge import Judge
from fim.agent.state import State


def enrichers(config: Config, state: State) -> list[Enricher]:
    return [Judge(config.judge, allow=config.allow)]
