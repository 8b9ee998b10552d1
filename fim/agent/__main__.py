"""`picket-agent COMMAND`, or `python -m fim.agent COMMAND`: the agent without Django."""

import argparse
import importlib
import sys

from fim.agent import VERSION

COMMANDS = {
    "run": "watch and report until SIGTERM",
    "check": "check configuration, rights, limits, node and rules",
    "scan": "compare the host with its baseline now",
    "accept": "take what is there now as the new baseline",
    "report": "report one change, for a line of incrontab",
    "install-service": "install the systemd unit",
}


def script() -> int:
    """Run as `picket-agent`, the program that the wheel installs."""
    return main(sys.argv[1:], prog="picket-agent")


def main(arguments: list[str], *, prog: str = "python -m fim.agent") -> int:
    parser = argparse.ArgumentParser(prog=prog, epilog=_summary())
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--version", action="version", version=f"picket-agent {VERSION}")
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND")
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments[:1]).command
    # Only the chosen command is imported: `report` runs once for each change and must be quick.
    command = importlib.import_module(f"fim.agent.commands.{chosen.replace('-', '_')}")
    name = f"{parser.prog} {chosen}"
    own = argparse.ArgumentParser(prog=name, description=COMMANDS[chosen])
    command.add_arguments(own)
    return int(command.run(own.parse_args(arguments[1:])))


def _summary() -> str:
    return "\n".join(f"  {name:16} {text}" for name, text in COMMANDS.items())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
