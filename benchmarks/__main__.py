"""`python -m benchmarks [NAME] [--quick] [--database sqlite|postgres]`: measure, and say how near.

Ends with 1 where a promise is broken (a wrong status, a lost log, a count that drifted), never
because a bar was not reached.
"""

import argparse
import shlex
import sys
import warnings

from benchmarks import agent, batch, footprint, parsing, reads, single
from benchmarks.postgres import POSTGRES, SQLITE, database_server
from benchmarks.report import Section, Wrong, keep, say, show

DATABASES = (SQLITE, POSTGRES)
FILLING = ("reads", "footprint")
NAMES = ("single", "batch", "parsing", "footprint", "reads", "agent")
# They load no database of their own.
WITHOUT_DATABASE = {"parsing": parsing, "agent": agent}


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    names = NAMES if options.name == "all" else (options.name,)
    is_right = True
    for name in names:
        for database in _databases(name, options.database):
            is_right &= _run(name, database, options)
    return 0 if is_right else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="?", default="all", choices=[*NAMES, "all"])
    parser.add_argument("--quick", action="store_true", help="small counts; writes no RESULTS.md")
    parser.add_argument("--database", choices=DATABASES, help="default: one after the other")
    parser.add_argument("--logs", help="reads: how many are stored, such as 10000,1000000")
    return parser


def _databases(name: str, chosen: str | None) -> tuple[str, ...]:
    if name in WITHOUT_DATABASE:
        return (SQLITE,)
    return (chosen,) if chosen else DATABASES


def _run(name: str, database: str, options: argparse.Namespace) -> bool:
    say(f"{name}, {database}:")
    try:
        section = _measure(name, database, options)
    except Wrong as exc:
        say(f"  WRONG: {exc}")
        return False
    show(section)
    say("")
    if not options.quick:
        keep(section, f"{NAMES.index(name)}-{name}-{database}")
    return True


def _measure(name: str, database: str, options: argparse.Namespace) -> Section:
    command = shlex.join(["python", "-m", "benchmarks", name, *_said(database, options)])
    if name in WITHOUT_DATABASE:
        return WITHOUT_DATABASE[name].measure(is_quick=options.quick, command=command)
    # The wheel of the server looks for a directory that a service account has not.
    warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
    with database_server(database, keeps=not options.quick and name in FILLING):
        if name == "reads":
            return reads.measure(
                database, _counts(options), is_quick=options.quick, command=command
            )
        module = {"single": single, "batch": batch, "footprint": footprint}[name]
        return module.measure(database, is_quick=options.quick, command=command)


def _said(database: str, options: argparse.Namespace) -> list[str]:
    said = ["--database", database]
    if options.logs:
        said += ["--logs", options.logs]
    return said


def _counts(options: argparse.Namespace) -> list[int]:
    if options.logs:
        return [int(text) for text in options.logs.split(",")]
    return list(reads.QUICK_COUNTS if options.quick else reads.FULL_COUNTS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
