"""`run`: watch and report until SIGINT or SIGTERM."""

import argparse
import logging
import os
import signal
import sys
import threading
from types import FrameType

from fim.agent.commands.configured import EXIT_BAD_CONFIG, add_config, configured
from fim.agent.enrich.yara import RulesError
from fim.agent.service.agent import Agent
from fim.agent.service.background_services import BackgroundServices
from fim.agent.service.heap import share_heap
from fim.agent.state.database import StateInUse

FINISH_SECONDS = 5.0
ADVICE = (
    "Where a limit is reached, raise fs.inotify.max_user_watches or fs.inotify.max_user_instances"
    " with sysctl."
)
LINE = "%(asctime)s %(levelname)s %(message)s"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_config(parser)


def run(options: argparse.Namespace) -> int:
    logging.basicConfig(level=logging.INFO, format=LINE, stream=sys.stderr)
    config = configured(options)
    try:
        agent = Agent(config)
    except StateInUse as exc:
        sys.exit(str(exc))
    except OSError as exc:
        sys.stderr.write(f"The agent cannot start: {exc}. {ADVICE}\n")
        return 1
    except RulesError as exc:
        sys.stderr.write(f"{exc}\n")
        return EXIT_BAD_CONFIG
    return run_until_stopped(agent)


def run_until_stopped(agent: Agent, *, ready: str = "") -> int:
    """Run an agent; return 1 where it ended by itself. Prints `ready` once it sees changes."""
    share_heap()
    is_stopped = stop_on_signals(agent.ended)
    crashes = stop_on_crashes(agent.ended)
    services = BackgroundServices(agent)
    services.listen()
    agent.start()
    services.start()
    if ready:
        print(ready, flush=True)  # noqa: T201
    agent.ended.wait()
    services.stop()
    agent.finish(within_seconds=FINISH_SECONDS)
    return 0 if is_stopped and not crashes else 1


def stop_on_signals(ended: threading.Event) -> list[int]:
    """Set the event at the first SIGINT or SIGTERM; a second one ends the process at once.

    Important: a handler is run by the main thread alone, once that is awake. A signal that another
    thread takes, or that comes just before the main thread sleeps, does not wake it. So a thread
    waits for the byte that Python writes for each signal at once, and sets the event. The handler
    must not: it may interrupt `wait()`, which holds the event's lock.
    """
    signals: list[int] = []

    def on_signal(number: int, frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        signals.append(number)

    def wake() -> None:
        os.read(reader, 1)
        ended.set()

    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    threading.Thread(target=wake, name="signals", daemon=True).start()
    signal.signal(signal.SIGINT, on_signal)
    signal.signal(signal.SIGTERM, on_signal)
    return signals


def stop_on_crashes(ended: threading.Event) -> list[str]:
    """End when any thread ends with an exception: an agent that sees nothing must not go on."""
    crashes: list[str] = []
    report = threading.excepthook

    def on_crash(args: threading.ExceptHookArgs) -> None:
        crashes.append(args.exc_type.__name__)
        ended.set()
        report(args)

    threading.excepthook = on_crash
    return crashes
