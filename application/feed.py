"""What happens to operations, told as it happens: one follower for a whole process.

It reads the log once, as far as the read models have come, so that whoever is told
of something also finds it there. Each save of a followed operation is told once and
in the order of the log.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from threading import Condition, Event, RLock
from uuid import UUID

import msgspec

from application.flashlog import Flashlog
from application.log import Entry
from application.procedure.story import render_log
from application.projections.rows import Row, moment, shown
from domain.operation.events import OperationEvent
from domain.operation.operation import UpgradeOperation

_LOG = logging.getLogger(__name__)

# How often the read models are asked whether they have grown, in seconds.
_PAUSE_SECONDS = 0.004
_READ = 500
# After trouble with the store, in seconds.
_RECOVERY_SECONDS = 1.0


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """An operation as it was after one save.

    `is_afterword`: it had ended before that save, which only settled what was owed.
    """

    operation_id: UUID
    row: Row
    lines: tuple[str, ...]
    recorded_at: datetime
    is_afterword: bool


class Feed:
    """Follows the operations that somebody listens to."""

    def __init__(self, flashlog: Flashlog, tell: Callable[[Told], None]) -> None:
        self._flashlog = flashlog
        self._tell = tell
        self._lock = RLock()
        self._somebody = Condition(self._lock)
        self._followed: dict[UUID, _Followed] = {}
        self._position = 0

    def follow(self, operation_id: UUID) -> bool:
        """Begin to tell of an operation; False when there is none."""
        with self._lock:
            self._read_on()
            known = self._followed.get(operation_id)
            if known is None:
                entries = [
                    entry
                    for entry in self._flashlog.log.story(operation_id)
                    if entry.position <= self._position
                ]
                if not entries or not isinstance(entries[0].event, OperationEvent):
                    return False
                known = self._followed[operation_id] = _Followed(entries)
            known.listeners += 1
            self._somebody.notify()
            return True

    def leave(self, operation_id: UUID) -> None:
        """Undo one `follow`."""
        with self._lock:
            known = self._followed[operation_id]
            known.listeners -= 1
            if not known.listeners:
                del self._followed[operation_id]

    def tell_now(self, operation_id: UUID, tell: Callable[[Told], None]) -> None:
        """Tell of a followed operation as it is, in its place among what is told."""
        with self._lock:
            self._read_on()
            tell(self._followed[operation_id].told(is_afterword=False))

    def run(self, stop: Event) -> None:
        """Tell until stopped; costs nothing while nobody listens."""
        growth = self._flashlog.views.growth()
        has_grown = False
        try:
            while not stop.is_set():
                with self._lock:
                    if not self._followed:
                        self._somebody.wait(_RECOVERY_SECONDS)
                        continue
                try:
                    has_grown = growth.has_happened() or has_grown
                    if has_grown:
                        with self._lock:
                            self._read_on()
                        has_grown = False
                    stop.wait(_PAUSE_SECONDS)
                except Exception:  # noqa: BLE001 - the feed outlives every trouble with the store
                    _LOG.exception("action=feed_failed the feed goes on in a moment")
                    stop.wait(_RECOVERY_SECONDS)
        finally:
            growth.close()

    def _read_on(self) -> None:
        goal = self._flashlog.views.position()
        if not self._followed:
            self._position = max(self._position, goal)
        while self._position < goal:
            entries = self._flashlog.log.read(
                after=self._position, limit=min(_READ, goal - self._position)
            )
            if not entries:
                return
            for save in _saves(entries):
                self._position = save[-1].position
                followed = self._followed.get(save[0].event.originator_id)
                if followed is not None:
                    self._tell(followed.take(save))


class _Followed:
    """The story of one operation as far as it was told."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.listeners = 0
        self._operation = UpgradeOperation(entries[0].event.originator_id)
        self._begun = entries[0]
        self._lines: tuple[str, ...] = ()
        self.take(entries)

    def take(self, entries: Sequence[Entry]) -> Told:
        had_ended = self._operation.has_ended
        for entry in entries:
            self._operation.evolve(entry.event)
        self._lines += tuple(render_log(entries))
        self._latest = entries[-1]
        return self.told(is_afterword=had_ended)

    def told(self, *, is_afterword: bool) -> Told:
        seen = shown(self._operation)
        row = (seen.row if seen else None) or {}
        return Told(
            operation_id=self._operation.id,
            row=row
            | {
                "created": moment(self._begun.recorded_at),
                "modified": moment(self._latest.recorded_at),
            },
            lines=self._lines,
            recorded_at=self._latest.recorded_at,
            is_afterword=is_afterword,
        )


def _saves(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Group what was appended at once: the same story at the same time."""
    for _, save in groupby(
        entries, key=lambda entry: (entry.event.originator_id, entry.recorded_at)
    ):
        yield list(save)
