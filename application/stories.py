"""The log lines of operations as people read them, rendered from their events.

An event is rendered once: a story that goes on is told on from where it was.
"""

from collections import OrderedDict
from threading import Lock
from uuid import UUID

import msgspec

from application.log import EventLog
from application.procedure.story import render_log

# Stories of a few kilobytes each; those that were not asked for lately are let go.
_REMEMBERED = 2000


class Told(msgspec.Struct, frozen=True):
    """The lines of a story up to a version."""

    version: int = 0
    lines: tuple[str, ...] = ()


class Stories:
    """Log lines of operations, remembered by their version."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._told: OrderedDict[UUID, Told] = OrderedDict()
        self._lock = Lock()

    def lines(self, operation_id: UUID, *, version: int) -> tuple[str, ...]:
        """Return what was said up to a version of the operation."""
        with self._lock:
            known = self._told.get(operation_id, Told())
        if known.version == version:
            return known.lines
        if known.version > version:
            known = Told()
        entries = self._log.story(operation_id, after=known.version, until=version)
        told = Told(version, known.lines + tuple(render_log(entries)))
        with self._lock:
            self._told[operation_id] = told
            self._told.move_to_end(operation_id)
            while len(self._told) > _REMEMBERED:
                self._told.popitem(last=False)
        return told.lines
