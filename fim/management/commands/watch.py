"""`manage.py watch`: report the file changes of this host to a node."""

import os
import signal
import socket
import threading
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from fim.agent.agent import Agent
from fim.agent.node import Node
from fim.agent.sender import Sender
from fim.agent.watcher import Watcher, outermost

FINISH_SECONDS = 5.0


class Command(BaseCommand):
    help = (
        "Watch directories and all below them, and post each file change to a node, until SIGINT"
        " or SIGTERM. What changes while this command does not run is not reported."
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
            "--settle-seconds",
            type=float,
            default=0.5,
            help="how long a file must be quiet before it is read and reported (default: 0.5)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        watcher = Watcher(
            _directories(options["directories"]),
            settle_seconds=_settle_seconds(options["settle_seconds"]),
            # A node on this host writes here for each log, and that would be a change again.
            ignored=[os.path.realpath(settings.VAR_DIR)],
        )
        sender = Sender(_node(options["node"], options["key"]))
        agent = Agent(watcher=watcher, sender=sender, host=_host(options["host"]))
        stop = _stop_on_signals()
        crashes = _stop_on_crashes(stop)
        self._start(agent, watcher, options["node"])
        agent.run(stop)
        agent.finish(within_seconds=FINISH_SECONDS)
        self._sum_up(agent, sender)
        if failure := sender.failure or ("" if stop.is_set() else "Nothing is left to watch."):
            raise CommandError(failure)
        if crashes:
            raise CommandError(f"A thread of the agent ended with {crashes[0]}; start it again.")

    def _sum_up(self, agent: Agent, sender: Sender) -> None:
        unsent_count = sender.unsent_count + agent.unreported_count
        self.stdout.write(
            f"Sent {sender.sent_count}, refused {sender.refused_count}, unsent {unsent_count} logs."
        )

    def _start(self, agent: Agent, watcher: Watcher, node_url: str) -> None:
        try:
            agent.start()
        except OSError as exc:
            raise CommandError(
                f"The directories cannot be watched: {exc}. Where a limit is reached, raise"
                " fs.inotify.max_user_watches or fs.inotify.max_user_instances with sysctl."
            ) from exc
        count = len(watcher.directories)
        noun = "directory" if count == 1 else "directories"
        self.stdout.write(f"Watching {count} {noun} for {node_url}")
        self.stdout.flush()


def _directories(paths: list[str]) -> list[str]:
    for path in paths:
        if not os.path.isdir(path):
            raise CommandError(f"{path} is not a directory.")
        if not os.access(path, os.R_OK | os.X_OK):
            raise CommandError(f"{path} may not be read by this user, so it cannot be watched.")
    return outermost(paths)


def _settle_seconds(seconds: float) -> float:
    if not 0 < seconds <= 60:
        raise CommandError(f"--settle-seconds is {seconds}; it takes more than 0 and at most 60.")
    return seconds


def _host(name: str) -> str:
    name = name.strip()
    if not name or not name.isprintable():
        raise CommandError(f"--host is {name!a}; it takes the name that the logs are to carry.")
    return name


def _node(url: str, key: str) -> Node:
    key = key.strip()
    if not key.isascii() or not key.isprintable():
        raise CommandError("The key holds characters that no key of a node holds.")
    try:
        return Node(url, key=key)
    except ValueError as exc:
        raise CommandError(f"--node {url!r} is not the URL of a node: {exc}.") from exc


def _stop_on_signals() -> threading.Event:
    """Set the event at the first SIGINT or SIGTERM; a second one ends the process at once."""
    stop = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        stop.set()

    signal.signal(signal.SIGINT, on_signal)
    signal.signal(signal.SIGTERM, on_signal)
    return stop


def _stop_on_crashes(stop: threading.Event) -> list[str]:
    """Stop when any thread ends with an exception: an agent that sees nothing must not go on."""
    crashes: list[str] = []
    report = threading.excepthook

    def on_crash(args: threading.ExceptHookArgs) -> None:
        crashes.append(args.exc_type.__name__)
        stop.set()
        report(args)

    threading.excepthook = on_crash
    return crashes
