"""`accept`: take what is there now as the new baseline, whole or below some paths."""

import argparse
import os
import sys

from fim.agent.changes.groups import Group
from fim.agent.changes.logs import visible
from fim.agent.commands.configured import add_config, configured
from fim.agent.commands.scan import EXIT_NO_BASELINE
from fim.agent.engine.examine import examine
from fim.agent.scan.comparison import Scan
from fim.agent.scan.first_scan import is_learned
from fim.agent.state import baseline
from fim.agent.state.database import State
from fim.agent.watch.scope import Scope

# AIDE's code for a bad argument, aide(1).
EXIT_BAD_ARGUMENT = 15


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_config(parser)
    parser.add_argument("paths", nargs="*", metavar="PATH", help="default: all that is watched")


def run(options: argparse.Namespace) -> int:
    """Accept the differences without reporting them. May run beside the agent."""
    config = configured(options)
    state = State(config.state_dir)
    scope = Scope(config.roots, ignore=config.ignore, hidden=[config.state_dir])
    tops = [_resolved(path) for path in options.paths] or scope.roots
    for top in tops:
        root = scope.root_of(top)
        if root is None:
            sys.stderr.write(f"{visible(top)} is not below a directory that is watched.\n")
            return EXIT_BAD_ARGUMENT
        if not is_learned(state, root):
            sys.stderr.write(f"There is no baseline of {visible(root)} yet; run scan.\n")
            return EXIT_NO_BASELINE
    count = 0
    for group in list(Scan(state.connection(), scope, tops, reason="accept")):
        if group:
            count += _accept(state, group)
    sys.stdout.write(f"Accepted {count} {'entry' if count == 1 else 'entries'}.\n")
    state.close()
    return 0


def _resolved(path: str) -> str:
    """Return a path as the agent names it: links above it followed, itself not."""
    parent, name = os.path.split(os.path.abspath(path))
    return os.path.join(os.path.realpath(parent), name) if name else parent


def _accept(state: State, group: Group) -> int:
    found = examine(state.connection(), group)
    with state.writing() as connection:
        baseline.keep(connection, found.rows)
    return len(found.differences)
