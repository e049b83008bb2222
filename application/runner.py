"""The runner: takes due work, visits routers, hands over when it is stopped."""

import logging
import os
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from threading import Event, Lock
from time import monotonic
from uuid import UUID, uuid4

from application.batches.keeper import keeping
from application.errors import StorageError
from application.flashlog import Flashlog, bounds_of
from application.forgetting import forgetting
from application.notices.telling import telling
from application.procedure.advance import advance
from application.projecting import standing_in
from application.recordings.retention import retiring
from application.settings import Settings
from application.stopping import stop_at_signals
from domain.operation.operation import UpgradeOperation

# How soon a runner that rests notices that it is to stop.
_STOP_LOOK_SECONDS = 0.2

_log = logging.getLogger(__name__)


class Runner:
    """Visits routers whose work is due, many at the same time, one thread each.

    Between visits an operation holds nothing here: no thread, no connection.
    """

    def __init__(self, flashlog: Flashlog) -> None:
        self._flashlog = flashlog
        self._settings = flashlog.settings
        self.name = f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"
        # Those that are on their way to their upload are True: they leave room for
        # what cannot wait.
        self._visiting: dict[UUID, bool] = {}
        self._beginning = flashlog.log.end()
        self._guard = Lock()
        self._stop = Event()

    def run(self, stop: Event) -> None:
        """Work until told to stop; then hand over: uploads end where they are."""
        self._stop = stop
        done = Event()
        heart = threading.Thread(target=self._beat, args=(done,), daemon=True)
        heart.start()
        with ThreadPoolExecutor(
            self._settings.runner_visits_max, thread_name_prefix="visit"
        ) as pool:
            while not stop.is_set():
                freed = self._flashlog.turns.freed.count
                if not self._take_work(pool):
                    self._rest(stop, freed)
        done.set()
        try:
            self._flashlog.due.release_all(self.name)
        except StorageError as error:
            _log.warning("cannot hand over, leases run out by themselves: %s", error)

    def _rest(self, stop: Event, freed: int) -> None:
        """Wait until it is time to look again, or a visit or a turn has ended."""
        news = self._flashlog.turns.freed
        until = monotonic() + self._settings.poll_seconds
        while not stop.is_set() and news.count == freed:
            left_seconds = until - monotonic()
            if left_seconds <= 0:
                return
            news.wait(freed, min(left_seconds, _STOP_LOOK_SECONDS))

    def _take_work(self, pool: ThreadPoolExecutor) -> bool:
        free = self._settings.runner_visits_max - len(self._visiting)
        if free <= 0:
            return False
        try:
            urgent = self._flashlog.due.claim(
                self.name,
                now=self._now(),
                lease_seconds=self._settings.lease_seconds,
                limit=free,
            )
            self._go_to(pool, urgent, waits=False)
            queued = self._claim_queued(free - len(urgent))
            self._go_to(pool, queued, waits=True)
        except StorageError as error:
            _log.warning("cannot look for due work: %s", error)
            return False
        return bool(urgent or queued)

    def _claim_queued(self, free: int) -> list[UUID]:
        """Take what is to upload; a share of the visits is kept for the others."""
        visits_max = self._settings.runner_visits_max
        with self._guard:
            waiting = sum(self._visiting.values())
        limit = min(free, visits_max - visits_max // 4 - waiting)
        # Who flashed and lost its turn with the table is known once all is projected.
        if limit <= 0 or self._flashlog.views.position() < self._beginning:
            return []
        return self._flashlog.due.claim_queued(
            self.name,
            now=self._now(),
            lease_seconds=self._settings.lease_seconds,
            limit=limit,
            bounds=bounds_of(self._settings),
        )

    def _go_to(
        self, pool: ThreadPoolExecutor, claimed: list[UUID], *, waits: bool
    ) -> None:
        for operation_id in claimed:
            with self._guard:
                if operation_id in self._visiting:
                    # Its lease had run out (the clock jumped, the row was made again)
                    # and nobody else took it: it stays ours.
                    continue
                self._visiting[operation_id] = waits
            pool.submit(self._visit, operation_id)

    def _visit(self, operation_id: UUID) -> None:
        try:
            try:
                due_at = advance(
                    self._flashlog,
                    operation_id,
                    runner=self.name,
                    stop=self._stop,
                )
            finally:
                # Before it is handed over: from then on another visit may have begun.
                self._let_go(operation_id)
            self._hand_over(operation_id, due_at)
        except StorageError as error:
            # The lease runs out by itself, then somebody tries again.
            _log.warning("action=visit_stopped operation=%s %s", operation_id, error)
        except Exception:  # noqa: BLE001 - one router must not stop the others
            _log.exception("action=visit_failed operation=%s", operation_id)
        finally:
            self._flashlog.turns.freed.tell()

    def _let_go(self, operation_id: UUID) -> None:
        with self._guard:
            del self._visiting[operation_id]

    def _hand_over(self, operation_id: UUID, due_at: float | None) -> None:
        self._flashlog.due.release(self.name, operation_id, due_at=due_at)
        # What was decided since the end of the visit may be projected already: its
        # time must not be lost.
        operation = self._flashlog.log.get(UpgradeOperation, operation_id)
        if operation.next_visit_at is not None:
            self._flashlog.due.put(operation)

    def _beat(self, done: Event) -> None:
        """Keep the leases of everything that is being visited, and of nothing else."""
        while not done.wait(self._settings.lease_seconds / 4):
            with self._guard:
                visiting = tuple(self._visiting)
            try:
                self._follow_the_log()
                self._sweep_turns()
                self._flashlog.due.extend(
                    self.name,
                    visiting,
                    now=self._now(),
                    lease_seconds=self._settings.lease_seconds,
                )
            except StorageError as error:
                _log.warning("cannot extend leases: %s", error)
            except Exception:  # noqa: BLE001 - all leases would run out under visits
                _log.exception("action=beat_failed")

    def _follow_the_log(self) -> None:
        """Be no earlier than others: what they want done must come due here, too."""
        self._flashlog.clock.start_from(self._flashlog.log.recorder.last_recorded_at())

    def _sweep_turns(self) -> None:
        if self._flashlog.views.position() >= self._beginning:
            self._flashlog.turns.sweep(now=self._now())

    def _now(self) -> float:
        return self._flashlog.clock.now().timestamp()


def run_runner(settings: Settings, *, projects_too: bool = False) -> None:
    """Run until SIGTERM or SIGINT, in a process of its own.

    `projects_too`: also keep up the table of due work while no projector does.
    """
    stop = stop_at_signals()
    flashlog = Flashlog(settings)
    try:
        with (
            flashlog.presence.of("runner"),
            # What a runner held that died is free at once, not after its lease.
            flashlog.among("runner", when_first=flashlog.due.release_everything),
            standing_in(flashlog) if projects_too else nullcontext(),
            keeping(flashlog),
            telling(flashlog),
            forgetting(flashlog),
            retiring(flashlog),
        ):
            Runner(flashlog).run(stop)
    finally:
        flashlog.close()
