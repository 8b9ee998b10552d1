"""What runs beside the watching: who changed what, reports, canaries, heartbeats, the watchdog."""

import os
from collections.abc import Sequence

from fim.agent import VERSION
from fim.agent.changes.events import FsEvent
from fim.agent.node.heartbeat import Heartbeat
from fim.agent.service.agent import Agent
from fim.agent.service.report_socket import ReportSocket
from fim.agent.service.reports import Report
from fim.agent.service.watchdog import Watchdog


class BackgroundServices:
    """`listen()` before the agent starts, `start()` after; `stop()` before it finishes."""

    def __init__(self, agent: Agent) -> None:
        config = agent.config
        self._agent = agent
        self._report_socket = ReportSocket(config.state_dir, self._on_reports)
        self._who, self._canaries = agent.enrichers.who, agent.enrichers.canaries
        self._heartbeat = Heartbeat(
            config.node,
            host=config.host,
            every_seconds=config.heartbeat.every_seconds,
            status=agent.status,
            canaries=self._canaries,
            forget_dropped=agent.spool.forget_dropped,
            on_return=agent.sender.try_now,
            wake=agent.heartbeat_due,
            version=VERSION,
        )
        self._watchdog = Watchdog(self._write_nothing)

    def listen(self) -> None:
        """Begin to learn who changes files, so that the first change seen has its writer."""
        self._who.start()

    def start(self) -> None:
        self._report_socket.start()
        self._canaries.start()
        self._heartbeat.start()
        self._watchdog.start()

    def stop(self) -> None:
        self._watchdog.stop()
        self._heartbeat.stop()
        self._canaries.stop()
        self._report_socket.stop()

    def _write_nothing(self) -> None:
        """Open a write transaction: where the lock or disk hangs, systemd restarts the agent."""
        with self._agent.state.writing():
            pass

    def _on_reports(self, reports: Sequence[Report]) -> None:
        """Queue the reported changes as if the kernel had reported them."""
        self._agent.intake.put([event for report in reports for event in self._events_of(report)])
        self._agent.engine.wake()

    def _events_of(self, report: Report) -> list[FsEvent]:
        """Name the path as the agent's roots are named: without symbolic links above it."""
        directory, name = os.path.split(report.path)
        path = os.path.join(os.path.realpath(directory), name)
        if not self._agent.scope.includes(path, is_directory=report.is_directory, is_event=True):
            return []
        return [FsEvent(report.at, what, path, "", report.is_directory) for what in report.changes]
