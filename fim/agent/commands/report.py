"""`report`: hand one change to the running agent, or leave it on disk for the next start.

A line of incrontab starts it for every change, so it imports no more than it must.
"""

import argparse
import socket
import sys
import time
import tomllib

from fim.agent.service import reports

DEFAULT_CONFIG = "/etc/picket/agent.toml"
DEFAULT_STATE_DIR = "/var/lib/picket-agent"
# Short of the 150 ms that a report may take; the agent answers once it has the report on disk.
ANSWER_SECONDS = 0.08
EXIT_BAD_USAGE, EXIT_BAD_CONFIG = 2, 17


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", help="the path that changed, in incrontab: $@/$#")
    parser.add_argument("event", help="inotify's names with commas, in incrontab: $%%")
    parser.add_argument("--config", default=DEFAULT_CONFIG, metavar="FILE")


def run(options: argparse.Namespace) -> int:
    try:
        report = reports.report_of(options.path, options.event, at=time.time())
    except ValueError as exc:
        return _fail(str(exc), EXIT_BAD_USAGE)
    try:
        state_dir = _state_dir_of(options.config)
    except ValueError as exc:
        return _fail(str(exc), EXIT_BAD_CONFIG)
    if not report.changes or _is_taken(state_dir, report):
        return 0
    try:
        reports.save(state_dir, report)
    except OSError as exc:
        return _fail(f"The report cannot be left in {state_dir}: {exc}.", 1)
    return 0


def _state_dir_of(config: str) -> str:
    """Read the one key that a report needs; the agent checks the rest of the file."""
    try:
        with open(config, "rb") as file:
            found = tomllib.load(file).get("state_dir", DEFAULT_STATE_DIR)
    except OSError as exc:
        raise ValueError(f"{config} cannot be read: {exc.strerror}.") from exc
    if not isinstance(found, str):
        raise ValueError(f"{config}: state_dir is no text.")
    return found


def _is_taken(state_dir: str, report: reports.Report) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(ANSWER_SECONDS)
        try:
            connection.connect(f"{state_dir}/{reports.SOCKET_NAME}")
            connection.sendall(reports.packed(report))
            connection.shutdown(socket.SHUT_WR)
            return connection.recv(len(reports.TAKEN)) == reports.TAKEN
        except OSError:
            return False


def _fail(reason: str, code: int) -> int:
    sys.stderr.write(f"{reason}\n")
    return code
