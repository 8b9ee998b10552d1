"""`install-service`: write the systemd unit, or only make what it needs at a start."""

import argparse
import os
import sys
from pathlib import Path

from fim.agent.commands.configured import add_config, configured
from fim.agent.config.file import Config
from fim.agent.node.canary import CANARY_NAME, make_canary
from fim.agent.service.service_unit import unit_for
from fim.agent.watch.scope import outermost

DEFAULT_PATH = "/etc/systemd/system/picket-agent.service"
PROGRAM = "picket-agent"
# Where `python -m fim.agent` finds the agent.
PROJECT = Path(__file__).resolve().parents[3]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_config(parser)
    parser.add_argument(
        "--path", default=DEFAULT_PATH, metavar="FILE", help=f"default: {DEFAULT_PATH}"
    )
    parser.add_argument("--print", action="store_true", help="show the unit, write nothing")
    parser.add_argument("--force", action="store_true", help="write over a different file")
    parser.add_argument("--prepare", action="store_true", help=argparse.SUPPRESS)


def run(options: argparse.Namespace) -> int:
    options.config = os.path.abspath(options.config)
    config = configured(options)
    if options.prepare:
        return _prepare(config)
    program, directory = _start_of(sys.argv[0])
    try:
        unit = unit_for(
            config_path=options.config,
            state_dir=config.state_dir,
            canary_roots=_canary_roots(config),
            program=program,
            directory=directory,
        )
    except ValueError as exc:
        return _fail(str(exc))
    if options.print:
        sys.stdout.write(unit)
        return 0
    return _install(Path(options.path), unit, is_forced=options.force)


def _start_of(program: str) -> tuple[list[str], str]:
    """Return how the unit starts the agent, as it was started now, and in which directory.

    From a checkout Python finds it in that directory alone; an installed program needs none.
    """
    if os.path.basename(program) == PROGRAM:
        return [os.path.abspath(program)], "/"
    return [sys.executable, "-m", "fim.agent"], str(PROJECT)


def _install(path: Path, unit: str, *, is_forced: bool) -> int:
    try:
        if path.exists() and path.read_text() == unit:
            sys.stdout.write(f"{path} is as it should be.\n")
            return 0
        if path.exists() and not is_forced:
            return _fail(f"{path} exists and is different. See --print; --force writes over it.")
        beside = path.with_name(f"{path.name}.new")
        beside.write_text(unit)
        beside.chmod(0o644)
        beside.replace(path)
    except OSError as exc:
        return _fail(f"{path} cannot be written: {exc.strerror}.")
    sys.stdout.write(
        f"{path} is written. Next:\n"
        "  systemctl daemon-reload\n"
        f"  systemctl enable --now {path.name}\n"
        "Run install-service again when directories to watch are added.\n"
    )
    return 0


def _prepare(config: Config) -> int:
    """Make the state's directory and the canaries. A root without its canary still is watched."""
    os.makedirs(config.state_dir, mode=0o700, exist_ok=True)
    for root in _canary_roots(config):
        try:
            make_canary(os.path.join(root, CANARY_NAME))
        except OSError as exc:
            sys.stderr.write(f"No canary in {root!a}: {exc.strerror or exc}.\n")
    return 0


def _canary_roots(config: Config) -> list[str]:
    return outermost(config.roots) if config.canary.every_seconds else []


def _fail(reason: str) -> int:
    sys.stderr.write(f"{reason}\n")
    return 1
