"""`scan`: compare the host with its baseline now.

With `--report` it only prints the differences. Without, it makes the baseline where there is none,
as `aide --init` does, and else puts the differences into the spool, from which the next run of the
agent sends them.
"""

import argparse
import json
import logging
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator

from fim.agent.changes.difference import Difference
from fim.agent.changes.logs import visible
from fim.agent.commands.configured import add_config, configured
from fim.agent.config.file import Config
from fim.agent.engine.examine import examine
from fim.agent.scan.comparison import Scan
from fim.agent.scan.first_scan import FirstScan, is_learned
from fim.agent.state.database import State, StateInUse
from fim.agent.watch.scope import Scope

# The bits and codes of AIDE, aide(1); a moved file is a new and a removed one there.
NEW, REMOVED, CHANGED = 1, 2, 4
BITS = {
    "created": NEW,
    "deleted": REMOVED,
    "moved": NEW | REMOVED,
    "modified": CHANGED,
    "attributes": CHANGED,
}
EXIT_IO, EXIT_LOCKED, EXIT_NO_BASELINE = 18, 21, 24
COLUMNS = "{:10} {}"
# How long a scan pauses that may not read faster.
PACE_SECONDS = 0.02


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_config(parser)
    parser.add_argument(
        "--report", action="store_true", help="only tell the differences; change nothing"
    )
    parser.add_argument("--json", action="store_true", help="tell them as one JSON document")


def run(options: argparse.Namespace) -> int:
    config = configured(options)
    try:
        if options.report or options.json:
            return _report(config, is_json=options.json)
        return _store(config)
    except StateInUse as exc:
        sys.stderr.write(f"{exc} It scans by itself; --report compares beside it.\n")
        return EXIT_LOCKED
    except (OSError, sqlite3.Error) as exc:
        sys.stderr.write(f"{exc}\n")
        return EXIT_IO


def _report(config: Config, *, is_json: bool) -> int:
    state = State(config.state_dir)
    scope = Scope(config.roots, ignore=config.ignore, hidden=[config.state_dir])
    unknown = [root for root in scope.roots if not is_learned(state, root)]
    if unknown:
        sys.stderr.write(f"There is no baseline of {', '.join(map(visible, unknown))}.\n")
        return EXIT_NO_BASELINE
    scan = Scan(state.connection(), scope, scope.roots, reason="report")
    found = sorted(differences(state, scan), key=lambda difference: difference.path)
    if is_json:
        document = {"entries": scan.seen_count, "differences": [*map(_document, found)]}
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    else:
        sys.stdout.writelines(_table(found, scan.seen_count))
    state.close()
    return _exit_code(found)


def differences(state: State, scan: Scan) -> Iterator[Difference]:
    """Examine the candidates of a scan without storing anything."""
    for group in scan:
        if group:
            yield from examine(state.connection(), group).differences


def _store(config: Config) -> int:
    state = State(config.state_dir)
    scope = Scope(config.roots, ignore=config.ignore, hidden=[config.state_dir])
    new = [root for root in scope.roots if not is_learned(state, root)]
    with state.locked():
        if new:
            _learn(FirstScan(state, scope, new, workers=config.scan.workers))
            sys.stdout.write(f"Made the baseline of {', '.join(map(visible, new))}.\n")
    state.close()
    if len(new) < len(scope.roots):
        depth = _spool_differences(config)
        sys.stdout.write(f"{depth} logs wait for the node.\n")
    return 0


def _learn(first: FirstScan) -> None:
    is_shown = sys.stderr.isatty()
    for _ in first:
        if is_shown:
            _show_progress(first)
    first.finish(time.time())
    if is_shown:
        sys.stderr.write("\n")


def _spool_differences(config: Config) -> int:
    """Put what differs into the spool; return how many logs wait there."""
    # Imported here: making the baseline needs no rules, no packages and no node.
    from fim.agent.service.agent import Agent

    logging.basicConfig(level=logging.WARNING)
    agent = Agent(config)
    agent.scans.start()
    while agent.scans.is_due():
        if not agent.engine.advance_scan():
            time.sleep(PACE_SECONDS)
    depth = len(agent.spool)
    agent.close()
    return depth


def _show_progress(first: FirstScan) -> None:
    share = first.done_count / max(first.known_count, 1)
    bar = "#" * int(30 * share)
    size = first.bytes_read / 1e6
    sys.stderr.write(f"\r[{bar:30}] {first.done_count} entries, {size:.0f} MB")
    sys.stderr.flush()


def _document(difference: Difference) -> dict[str, object]:
    before, after = difference.before, difference.after
    return {
        "action": difference.action,
        "path": visible(difference.path),
        "path_from": visible(difference.path_from),
        "changed": {
            name: [getattr(before, name), getattr(after, name)] for name in difference.changed
        },
    }


def _table(found: Iterable[Difference], entries: int) -> Iterator[str]:
    counts: Counter[str] = Counter()
    for difference in found:
        counts[difference.action] += 1
        yield COLUMNS.format(difference.action, _line(difference)) + "\n"
    summary = ", ".join(f"{count} {action}" for action, count in sorted(counts.items()))
    yield f"{entries} entries looked at: {summary or 'no differences'}.\n"


def _line(difference: Difference) -> str:
    path = visible(difference.path).replace("\n", "\\n")
    if difference.path_from:
        path = f"{visible(difference.path_from)} -> {path}".replace("\n", "\\n")
    changed = ", ".join(difference.changed)
    return f"{path}  ({changed})" if changed else path


def _exit_code(found: Iterable[Difference]) -> int:
    code = 0
    for difference in found:
        code |= BITS[difference.action]
    return code
