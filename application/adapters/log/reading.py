"""What is asked of the log, the same of every database."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from eventsourcing.persistence import ApplicationRecorder, Subscription

from application.adapters.database import Database, Growth
from application.adapters.log.event import (
    LoggedEvent,
    id_bytes,
    logged,
    microseconds,
    moment_of,
)

# So many stories, or events, are asked for at once.
_CHUNK = 500
_ALL = 1 << 62
_COLUMNS = "position, originator_id, originator_version, topic, state, recorded_at"

T = TypeVar("T")


class LogReading(ApplicationRecorder):
    """The reading half of the library's recorder port."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[LoggedEvent]:
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM event WHERE originator_id = ?"  # noqa: S608
                " AND originator_version > ? AND originator_version <= ?"
                f" ORDER BY originator_version {'DESC' if desc else 'ASC'} LIMIT ?",
                (
                    id_bytes(originator_id),
                    gt or 0,
                    lte if lte is not None else _ALL,
                    limit if limit is not None else _ALL,
                ),
            ).fetchall()
        return self._seen(logged(rows))

    def select_stories(
        self, originator_ids: Sequence[UUID], *, topics: Sequence[str] = ()
    ) -> Sequence[LoggedEvent]:
        """Return the events of some stories, one story after the other."""
        kinds = ", ".join("?" * len(topics))
        rows: list[Any] = []
        with self._database.reading() as connection:
            for chunk in _chunks(originator_ids):
                marks = ", ".join("?" * len(chunk))
                rows += connection.execute(
                    f"SELECT {_COLUMNS} FROM event"  # noqa: S608
                    f" WHERE originator_id IN ({marks})"
                    + (f" AND topic IN ({kinds})" if topics else "")
                    + " ORDER BY originator_id, originator_version",
                    [*(each.bytes for each in chunk), *topics],
                ).fetchall()
        return self._seen(logged(rows))

    def select_positions(self, originator_ids: Sequence[UUID]) -> list[int]:
        """Return where the events of some stories are; the index alone is read."""
        found: list[int] = []
        with self._database.reading() as connection:
            for chunk in _chunks(originator_ids):
                marks = ", ".join("?" * len(chunk))
                rows = connection.execute(
                    f"SELECT position FROM event WHERE originator_id IN ({marks})",  # noqa: S608
                    [each.bytes for each in chunk],
                )
                found += (position for (position,) in rows)
        return found

    def select_at(self, positions: Sequence[int]) -> Sequence[LoggedEvent]:
        """Return the events at some positions."""
        rows: list[Any] = []
        with self._database.reading() as connection:
            for chunk in _chunks(positions):
                marks = ", ".join("?" * len(chunk))
                rows += connection.execute(
                    f"SELECT {_COLUMNS} FROM event WHERE position IN ({marks})",  # noqa: S608
                    chunk,
                ).fetchall()
        return self._seen(logged(rows))

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[LoggedEvent]:
        after = (start or 0) - (1 if inclusive_of_start and start else 0)
        wanted = set(topics)
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM event"  # noqa: S608
                " WHERE position > ? AND position <= ? ORDER BY position LIMIT ?",
                (after, stop if stop is not None else _ALL, limit),
            ).fetchall()
        return self._seen(logged(row for row in rows if not wanted or row[3] in wanted))

    def max_notification_id(self) -> int | None:
        with self._database.reading() as connection:
            (position,) = connection.execute(
                "SELECT max(position) FROM event"
            ).fetchone()
        return int(position) if position is not None else None

    def last_recorded_at(self) -> datetime:
        """Return the time of the newest event; 1970 where there is none."""
        with self._database.reading() as connection:
            (recorded_at,) = connection.execute(
                "SELECT coalesce(max(recorded_at), 0) FROM event"
                " WHERE position = (SELECT max(position) FROM event)"
            ).fetchone()
        return moment_of(recorded_at)

    def position_at(self, at: datetime) -> int:
        """Return the last position that was recorded at or before a time; 0: none."""
        wanted = microseconds(at)
        first, last = 0, self.max_notification_id() or 0
        with self._database.reading() as connection:
            # Times never go back: a few looks find it in any log.
            while first < last:
                middle = (first + last + 1) // 2
                (recorded_at,) = connection.execute(
                    "SELECT recorded_at FROM event WHERE position = ?", (middle,)
                ).fetchone()
                if recorded_at <= wanted:
                    first = middle
                else:
                    last = middle - 1
        return first

    def version_of(self, originator_id: UUID) -> int:
        """Return how many events a story has; cheap enough to ask while bytes flow."""
        with self._database.reading() as connection:
            (version,) = connection.execute(
                "SELECT coalesce(max(originator_version), 0) FROM event"
                " WHERE originator_id = ?",
                (originator_id.bytes,),
            ).fetchone()
        return int(version)

    def backup(self, path: Path) -> int:
        """Copy the log as it is at one moment, while others write; returns its end."""
        raise NotImplementedError

    def why_closed(self) -> str:
        """Return why nobody may append since events were lost; blank: everybody may."""
        return ""

    def reopen(self) -> None:
        """Let everybody append again who is kept from it since events were lost."""

    def growth(self) -> Growth:
        """Watch for appends by anybody, in this process or another."""
        return self._database.growth()

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        msg = "follow the log with `growth` and `select_notifications`"
        raise NotImplementedError(msg)

    def close(self) -> None:
        self._database.close()

    def _seen(self, events: list[LoggedEvent]) -> list[LoggedEvent]:
        """Take note of what is given to anybody."""
        return events


def _chunks(wanted: Iterable[T]) -> Iterator[list[T]]:
    """Yield everything once, a few at a time."""
    rest = iter(dict.fromkeys(wanted))
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk
