"""The log as it was when it ended at a position."""

from collections.abc import Sequence
from uuid import UUID

from application.adapters.log.event import LoggedEvent
from application.adapters.log.reading import LogReading


class LogUntil(LogReading):
    """Reads another one's events up to a position; nothing can be appended."""

    def __init__(self, log: LogReading, position: int) -> None:
        self._log = log
        self._position = position

    def insert_events(self, *_: object, **__: object) -> Sequence[int]:
        msg = "nothing can be appended to the past"
        raise NotImplementedError(msg)

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[LoggedEvent]:
        found = self._log.select_events(originator_id, gt=gt, lte=lte, desc=desc)
        return [each for each in found if each.id <= self._position][:limit]

    def select_stories(
        self, originator_ids: Sequence[UUID], *, topics: Sequence[str] = ()
    ) -> Sequence[LoggedEvent]:
        found = self._log.select_stories(originator_ids, topics=topics)
        return [each for each in found if each.id <= self._position]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[LoggedEvent]:
        return self._log.select_notifications(
            start,
            limit,
            self._position if stop is None else min(stop, self._position),
            topics,
            inclusive_of_start=inclusive_of_start,
        )

    def max_notification_id(self) -> int | None:
        end = self._log.max_notification_id()
        return end and min(end, self._position)

    def close(self) -> None:
        """Leave the other one open."""
