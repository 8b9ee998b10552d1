"""`check`: print what the agent needs and lacks, one line a check, with what to do."""

import argparse
import dataclasses
import json
import sys
from collections.abc import Iterator

from fim.agent.commands.configured import add_config
from fim.agent.config.file import ConfigError, load
from fim.agent.service.checks import FAIL, Check, checks


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_config(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> int:
    """Print the checks as they are made; return 1 where one failed, else 0."""
    found = []
    for check in _checks_of(options.config):
        found.append(check)
        if not options.json:
            _print(check)
    if options.json:
        _write(json.dumps({"ok": _is_ok(found), "checks": [*map(dataclasses.asdict, found)]}))
    return 0 if _is_ok(found) else 1


def _checks_of(path: str) -> Iterator[Check]:
    try:
        config = load(path)
    except ConfigError as exc:
        yield from (Check(FAIL, "configuration", line) for line in str(exc).splitlines())
    else:
        yield from checks(config)


def _is_ok(found: list[Check]) -> bool:
    return all(check.result != FAIL for check in found)


def _print(check: Check) -> None:
    advice = f"; {check.advice}" if check.advice else ""
    _write(f"{check.result:5} {check.name}: {check.detail}{advice}")


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
