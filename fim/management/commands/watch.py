"""`manage.py watch`: the agent on some directories, with its defaults, in one line."""

import hashlib
import logging
import os
import socket
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from fim.agent.commands.run import ADVICE, run_until_stopped
from fim.agent.config.file import Config
from fim.agent.config.sections import CanarySettings, HeartbeatSettings
from fim.agent.enrich.yara import RulesError
from fim.agent.node.client import Node
from fim.agent.service.agent import Agent
from fim.agent.state.database import StateInUse
from fim.agent.watch.scope import outermost


class Command(BaseCommand):
    help = (
        "Watch directories and all below them, and post each file change to a node, until SIGINT"
        " or SIGTERM. The first run learns what is there; a later one reports what changed"
        " meanwhile."
    )
    # The agent needs neither the database nor the web application of this installation.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("directories", nargs="+", metavar="DIR")
        parser.add_argument("--node", default="http://127.0.0.1:8000", help="base URL of the node")
        parser.add_argument("--host", default=socket.gethostname(), help="name of this host")
        parser.add_argument(
            "--key",
            default=os.environ.get("PICKET_KEY", ""),
            help="key of this agent; better given in PICKET_KEY, which no process list shows",
        )
        parser.add_argument(
            "--window-seconds",
            type=float,
            default=1.5,
            help="how long a file must be quiet before it is read and reported (default: 1.5)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        logging.getLogger("fim.agent").setLevel(logging.WARNING)
        directories = _directories(options["directories"])
        noun = "directory" if len(directories) == 1 else "directories"
        try:
            agent = self._agent(directories, options)
            exit_code = run_until_stopped(
                agent, ready=f"Watching {len(directories)} {noun} for {options['node']}"
            )
        except OSError as exc:
            raise CommandError(f"The directories cannot be watched: {exc}. {ADVICE}") from exc
        self._write_summary(agent)
        if failure := agent.sender.failure or (
            "" if not exit_code else "Nothing is left to watch."
        ):
            raise CommandError(failure)

    def _agent(self, directories: list[str], options: dict[str, Any]) -> Agent:
        _check_node(options["node"], options["key"])
        host = _host(options["host"])
        config = Config.for_directories(
            directories,
            state_dir=_state_dir(host, directories),
            node_url=options["node"],
            key=options["key"].strip(),
            host=host,
            window_seconds=_window_seconds(options["window_seconds"]),
            canary=CanarySettings(every_seconds=0),
            # A host that was once alive is silent, and an alert, when this command ends.
            heartbeat=HeartbeatSettings(every_seconds=0),
        )
        try:
            # A node on this host writes here for each log, and that would be a change again.
            return Agent(config, is_patient=False, hidden=[os.path.realpath(settings.VAR_DIR)])
        except (RulesError, StateInUse) as exc:
            raise CommandError(str(exc)) from exc

    def _write_summary(self, agent: Agent) -> None:
        sender = agent.sender
        self.stdout.write(
            f"Sent {sender.sent_count}, refused {sender.refused_count},"
            f" unsent {agent.unsent_count} logs."
        )


def _state_dir(host: str, directories: list[str]) -> str:
    """Return where the state of a set of directories is kept: it outlives the command."""
    name = hashlib.sha256(
        "\0".join([host, *directories]).encode(errors="surrogateescape")
    ).hexdigest()[:16]
    return os.path.join(settings.VAR_DIR, "agent", name)


def _directories(paths: list[str]) -> list[str]:
    for path in paths:
        if not os.path.isdir(path):
            raise CommandError(f"{path} is not a directory.")
        if not os.access(path, os.R_OK | os.X_OK):
            raise CommandError(f"{path} may not be read by this user, so it cannot be watched.")
    return outermost(paths)


def _window_seconds(seconds: float) -> float:
    if not 0 < seconds <= 60:
        raise CommandError(f"--window-seconds is {seconds}; it takes more than 0 and at most 60.")
    return seconds


def _host(name: str) -> str:
    name = name.strip()
    if not name or not name.isprintable():
        raise CommandError(f"--host is {name!a}; it takes the name that the logs are to carry.")
    return name


def _check_node(url: str, key: str) -> None:
    key = key.strip()
    if not key.isascii() or not key.isprintable():
        raise CommandError("The key holds characters that no key of a node holds.")
    try:
        Node(url, key=key)
    except ValueError as exc:
        raise CommandError(f"--node {url!r} is not the URL of a node: {exc}.") from exc
