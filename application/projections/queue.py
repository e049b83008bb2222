"""Which operations may go on to their upload, so that few of them wait for a turn."""

from collections import Counter, defaultdict

import msgspec

from application.adapters.database import Connection
from application.projections.turns import Bounds

# So many more than there are turns are on their way to a router, ready for the next.
_AHEAD = 2
# A router that has not come to its upload by then is slow or gone: it keeps no other
# one from being tried.
_SCOUT_SECONDS = 2.0

_BUSY = (
    "SELECT kind, location_id, batch_id FROM turn"
    " UNION ALL SELECT CASE WHEN claimed_at > :since THEN 'scout' ELSE 'slow' END,"
    " location_id, batch_id FROM due WHERE lease_until > :now AND stage = 'queued'"
    " AND operation_id NOT IN (SELECT operation_id FROM turn)"
    " UNION ALL SELECT 'reboot', NULL, batch_id FROM operation"
    " WHERE status = 'in-progress' AND cancellable = 0"
    " AND id NOT IN (SELECT operation_id FROM turn)"
)
_WAITING = (
    "SELECT operation_id, location_id, batch_id FROM due"
    " WHERE stage = 'queued' AND due_at <= :now AND lease_until <= :now"
    " AND (location_id IS NULL"
    " OR location_id NOT IN (SELECT value FROM json_each(:locations)))"
    " AND (batch_id IS NULL"
    " OR batch_id NOT IN (SELECT value FROM json_each(:batches)))"
    " ORDER BY due_at LIMIT :limit"
)


class _Used:
    """How many turns are taken, and how many are on their way to one."""

    def __init__(self) -> None:
        self._kinds: Counter[str] = Counter()
        self._at: Counter[str] = Counter()

    def add(self, kind: str, location_id: str | None) -> None:
        self._kinds[kind] += 1
        if location_id and kind in {"upload", "scout"}:
            self._at[location_id] += 1

    def left(self, bounds: Bounds, *, ahead: int) -> int:
        """Return how many more may be sent on their way."""
        uploads, reboots = self._kinds["upload"], self._kinds["reboot"]
        free = min(bounds.uploads_max - uploads, bounds.reboots_max - uploads - reboots)
        scouts = self._kinds["scout"] + (self._kinds["slow"] if free <= 0 else 0)
        return max(free, 0) + ahead - scouts

    def is_full(self, bounds: Bounds, location_id: str) -> bool:
        return self._at[location_id] >= bounds.uploads_per_location_max

    def full_locations(self, bounds: Bounds) -> list[str]:
        return [each for each in self._at if self.is_full(bounds, each)]


class _Room:
    """What is left, of the installation, of each location and of each batch."""

    def __init__(self, connection: Connection, now: float, bounds: Bounds) -> None:
        self._bounds = bounds
        self._used = _Used()
        self._of_batch: defaultdict[str, _Used] = defaultdict(_Used)
        self._batches = _bounds_of_batches(connection)
        said = {"now": now, "since": now - _SCOUT_SECONDS}
        for kind, location_id, batch_id in connection.execute(_BUSY, said):
            self._add(kind, location_id, batch_id)

    @property
    def left(self) -> int:
        return self._used.left(self._bounds, ahead=_AHEAD)

    def take(self, location_id: str | None, batch_id: str | None) -> bool:
        """Count one more, where there is room for it."""
        if self.left <= 0 or self._is_full(location_id, batch_id):
            return False
        self._add("scout", location_id, batch_id)
        return True

    def full_locations(self) -> list[str]:
        return self._used.full_locations(self._bounds)

    def full_batches(self) -> list[str]:
        return [each for each in self._of_batch if self._is_full(None, each)]

    def _is_full(self, location_id: str | None, batch_id: str | None) -> bool:
        if location_id and self._used.is_full(self._bounds, location_id):
            return True
        bounds = self._batches.get(batch_id) if batch_id else None
        if bounds is None or batch_id is None:
            return False
        used = self._of_batch[batch_id]
        return used.left(bounds, ahead=0) <= 0 or (
            location_id is not None and used.is_full(bounds, location_id)
        )

    def _add(self, kind: str, location_id: str | None, batch_id: str | None) -> None:
        self._used.add(kind, location_id)
        if batch_id:
            self._of_batch[batch_id].add(kind, location_id)


def queued(
    connection: Connection, *, now: float, limit: int, bounds: Bounds
) -> list[tuple[str]]:
    """Choose up to `limit` of what waits for its upload, the longest waiting first."""
    if limit <= 0 or not _is_any(connection, now):
        return []
    room = _Room(connection, now, bounds)
    if room.left <= 0:
        return []
    said = {
        "now": now,
        "locations": msgspec.json.encode(room.full_locations()).decode(),
        "batches": msgspec.json.encode(room.full_batches()).decode(),
        "limit": 50 + 4 * limit,
    }
    chosen: list[tuple[str]] = []
    for operation_id, location_id, batch_id in connection.execute(_WAITING, said):
        if len(chosen) < limit and room.take(location_id, batch_id):
            chosen.append((operation_id,))
    return chosen


def _is_any(connection: Connection, now: float) -> bool:
    found = connection.execute(
        "SELECT 1 FROM due WHERE stage = 'queued' AND due_at <= ?"
        " AND lease_until <= ? LIMIT 1",
        (now, now),
    )
    return found.fetchone() is not None


def _bounds_of_batches(connection: Connection) -> dict[str, Bounds]:
    """Return the bounds of the batches that have something to do."""
    rows = connection.execute(
        "SELECT id, uploads_max, uploads_per_location_max, reboots_max FROM batch"
        " WHERE status IN ('idle', 'in-progress')"
    )
    return {
        batch_id: Bounds(
            uploads_max=uploads_max,
            uploads_per_location_max=per_location_max,
            reboots_max=reboots_max,
        )
        for batch_id, uploads_max, per_location_max, reboots_max in rows
    }
