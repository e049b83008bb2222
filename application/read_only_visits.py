"""Read-only visits that people ask for while they wait: bounded, and remembered.

Nothing is lost when the process ends: what a visit has learned is in the log, and a
visit can be asked for again.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from datetime import datetime
from threading import Condition, Lock, Thread
from uuid import UUID, uuid4

import msgspec

from application.errors import RefusedError
from application.procedure.check import CheckReport

Look = Callable[[UUID], CheckReport]


class Round(msgspec.Struct, kw_only=True):
    """Visits that were asked for together. `reports` has those that are over."""

    round_id: UUID
    device_ids: Sequence[UUID]
    by: UUID
    begun_at: datetime
    reports: dict[UUID, CheckReport]

    @property
    def is_over(self) -> bool:
        return len(self.reports) == len(self.device_ids)


class TooManyVisitsError(RefusedError):
    """So many visits are waited for already that more would take too long."""


class ReadOnlyVisits:
    """Visits some routers at a time; others wait for their turn."""

    def __init__(
        self, look: Look, *, at_once_max: int, waiting_max: int, remembered: int = 50
    ) -> None:
        self._look = look
        self._at_once_max = at_once_max
        self._waiting_max = waiting_max
        self._remembered = remembered
        self._rounds: OrderedDict[UUID, Round] = OrderedDict()
        self._waiting: deque[tuple[Round, UUID]] = deque()
        self._workers = 0
        self._lock = Lock()
        self._news = Condition(self._lock)

    def begin(self, device_ids: Sequence[UUID], *, by: UUID, at: datetime) -> Round:
        """Visit these routers. Raises TooManyVisitsError; then none is visited."""
        begun = Round(
            round_id=uuid4(),
            device_ids=tuple(dict.fromkeys(device_ids)),
            by=by,
            begun_at=at,
            reports={},
        )
        with self._lock:
            waiting = len(self._waiting) + len(begun.device_ids)
            if waiting > self._waiting_max:
                msg = (
                    f"{waiting} visits at a time are too many: choose at most "
                    f"{self._waiting_max - len(self._waiting)} devices"
                )
                raise TooManyVisitsError(msg)
            self._waiting.extend((begun, each) for each in begun.device_ids)
            self._rounds[begun.round_id] = begun
            while len(self._rounds) > self._remembered:
                self._rounds.popitem(last=False)
            missing = min(self._at_once_max - self._workers, len(begun.device_ids))
            self._workers += missing
        for _ in range(missing):
            # A daemon: a service that stops does not wait for a router.
            Thread(target=self._work, daemon=True).start()
        return begun

    def find(self, round_id: UUID) -> Round | None:
        """Return what was asked for lately; None where it is not remembered."""
        with self._lock:
            return self._rounds.get(round_id)

    def wait(self, asked: Round, *, limit_seconds: float) -> bool:
        """Wait until all routers were visited; False where that takes longer."""
        with self._news:
            return self._news.wait_for(lambda: asked.is_over, limit_seconds)

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._workers -= 1
                    return
                asked, device_id = self._waiting.popleft()
            report = self._visited(device_id)
            with self._news:
                asked.reports[device_id] = report
                self._news.notify_all()

    def _visited(self, device_id: UUID) -> CheckReport:
        try:
            return self._look(device_id)
        except Exception as error:  # noqa: BLE001 - one router must not stop the others
            return CheckReport(device_id=device_id, name="", trouble=str(error))
