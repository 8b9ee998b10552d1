"""The agent, put together: reader, engine, scans, spool and sender over one state."""

import contextlib
import logging
import threading
import time
from collections.abc import Sequence

from fim.agent.config.file import Config
from fim.agent.engine.engine import Engine
from fim.agent.enrich.enrichers import make_enrichers
from fim.agent.node.client import Node
from fim.agent.node.sender import Sender
from fim.agent.node.status import Status
from fim.agent.scan.schedule import OVERFLOW, UNWATCHED, Scans
from fim.agent.state.database import State
from fim.agent.state.journal import Journal
from fim.agent.state.spool import Spool
from fim.agent.watch.coalescer import Coalescer
from fim.agent.watch.intake import Intake
from fim.agent.watch.reader import Reader
from fim.agent.watch.scope import Scope

logger = logging.getLogger(__name__)


class Agent:
    """Make it, `start()`, wait on `ended`, `finish()`.

    `is_patient`: an agent that runs for ever keeps its logs where the node refuses it or nothing is
    left to watch; one that a person started ends then. `hidden` directories are not looked at.
    """

    def __init__(
        self, config: Config, *, is_patient: bool = True, hidden: Sequence[str] = ()
    ) -> None:
        self.config = config
        self.ended = threading.Event()
        self.heartbeat_due = threading.Event()
        self.started_at = time.time()
        self.overflows = 0
        self.unsent_count = 0
        self._is_patient = is_patient
        self._has_learned_texts = False
        self._kept = contextlib.ExitStack()
        self.state = State(config.state_dir)
        self._kept.enter_context(self.state.locked())
        self.scope = Scope(config.roots, ignore=config.ignore, hidden=[config.state_dir, *hidden])
        self.coalescer = Coalescer(window_seconds=config.window_seconds)
        self.intake = Intake(Journal(self.state), self.coalescer)
        wake = threading.Event()
        self.spool = Spool(self.state, max_bytes=config.spool.max_bytes)
        self.reader = Reader(
            self.scope,
            self.intake,
            self.coalescer,
            on_events=wake.set,
            on_overflow=self._on_overflow,
            on_unwatched=self._on_unwatched,
            on_gone=self._on_gone,
        )
        self.scans = Scans(
            *(self.state, self.scope, self.coalescer, config),
            watches=self.reader.watches,
            watch_again=self.reader.watch_again,
            when_caught_up=self.reader.when_caught_up,
            on_request=wake.set,
            on_end=self._learn_texts,
        )
        self.enrichers = make_enrichers(config, self.state, on_blindness=self.heartbeat_due.set)
        self.engine = Engine(
            *(self.state, self.intake, self.coalescer, self.scans, self.spool),
            host=config.host,
            enrichers=self.enrichers.in_order,
            keepers=self.enrichers.keepers,
            is_watched=self.reader.watches.__contains__,
            wake=wake,
        )
        node = Node(
            config.node.url, key=config.node.key, timeout_seconds=config.node.timeout_seconds
        )
        self.sender = Sender(
            *(node, self.spool),
            is_patient=is_patient,
            on_acknowledged=self.enrichers.canaries.note_acknowledged,
            on_failure=self.ended.set,
        )

    def start(self) -> None:
        """Return once every change is seen. Raises OSError when inotify cannot be had."""
        self.reader.start()
        self.scans.start()
        self.engine.start()
        self.sender.start()
        logger.info("Watching %d directories.", len(self.reader.watches))

    def finish(self, *, within_seconds: float) -> None:
        """Report the events that are held and send for so long; the rest waits in the spool."""
        self.reader.stop()
        self.engine.finish()
        self.sender.finish(within_seconds=within_seconds)
        self.unsent_count = len(self.spool)
        self.close()

    def close(self) -> None:
        """Release the state, also that of an agent that was not started."""
        self.ended.set()
        self.enrichers.close()
        self.state.close()
        self._kept.close()

    def status(self) -> Status:
        since = self.spool.waiting_since()
        return Status(
            started_at=self.started_at,
            seq=self.spool.seq,
            watches=len(self.reader.watches),
            unwatched=dict(self.reader.watches.unwatched),
            gone=sorted(self.reader.gone),
            waiting=len(self.coalescer),
            spool_depth=len(self.spool),
            spool_bytes=self.spool.bytes_waiting,
            last_scan_at=self.scans.last_at,
            last_scan_seconds=self.scans.last_seconds,
            lag_seconds=max(0.0, time.time() - since) if since else 0.0,
            overflows=self.overflows,
            dropped=self.spool.dropped(),
            ignored=dict(self.scope.ignored),
            sent=self.sender.sent_count,
            refused=self.sender.refused_count,
        )

    def _learn_texts(self) -> None:
        """Keep the texts of files before they change: once a run, after its first scan."""
        if self._has_learned_texts:
            return
        self._has_learned_texts = True
        learn = self.enrichers.text_diffs.learn
        threading.Thread(target=learn, args=(self.ended,), daemon=True).start()

    def _on_overflow(self) -> None:
        self.overflows += 1
        self.scans.request_all(OVERFLOW)

    def _on_unwatched(self, directory: str) -> None:
        self.scans.request([directory], UNWATCHED)

    def _on_gone(self) -> None:
        if len(self.reader.gone) == len(self.scope.roots) and not self._is_patient:
            self.ended.set()
