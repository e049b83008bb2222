"""How far a mass upgrade is, and a page of its operations: quick for ten thousand."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from application.access import ALL, Account, Condition
from application.flashlog import Flashlog
from application.projections.rows import moment
from application.projections.views import Row, Views
from application.queries.lists import Order, Query
from application.queries.operation_list import operations_in_words
from application.queries.operations import STATUSES, seen_by
from application.queries.people import name_of
from domain.batch.events import Started

_COLUMNS = {status: status.replace("-", "_") for status in STATUSES}
# What needs a look or moves comes first, what has ended well comes last.
_BY_INTEREST = (
    "CASE WHEN operation.status = 'failed' THEN 0"
    " WHEN operation.status = 'in-progress' AND operation.phase <> 'queued' THEN 1"
    " WHEN operation.status = 'aborted' THEN 2"
    " WHEN operation.status = 'in-progress' THEN 3"
    " WHEN operation.status = 'cancelled' THEN 4 ELSE 5 END"
)
# Operations are started in the order of the batch.
_FIRST_COME = Order(("operation.position",), descending=False)
ORDERS: dict[str, tuple[Order, ...]] = {
    "": (Order((_BY_INTEREST,), descending=False), _FIRST_COME),
    "name": (
        Order(("lower(coalesce(device_owner.name, ''))",), descending=False),
        _FIRST_COME,
    ),
    "progress": (Order(("operation.progress",)), _FIRST_COME),
    "changed": (Order(("operation.modified", "operation.position")),),
}
_PACE_MINUTES = 10
_PACE_SECONDS_MIN = 60
_PACE_ENDED_MIN = 5


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """Operations of a batch by status, and how many are still to be made."""

    counts: dict[str, int]
    to_come: int = 0

    @property
    def total(self) -> int:
        return sum(self.counts.values()) + self.to_come

    @property
    def ended(self) -> int:
        return sum(self.counts.values()) - self.counts["in-progress"]

    @property
    def left(self) -> int:
        return self.total - self.ended


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How many operations have ended in the last minutes, and the rest at that pace.

    `minutes_left` is None where too little is known to say so.
    """

    ended: int
    minutes: int
    minutes_left: int | None


def progress(views: Views, account: Account, batch: Row) -> Progress:
    """Count the operations of a batch that the account may see."""
    owner = batch["organization_id"]
    if account.may_see(UUID(owner) if owner else None) and (
        owner or account.is_superuser
    ):
        return progress_of_all(batch)
    where, values = _mine(account, batch["id"])
    rows = views.rows(
        f"SELECT status, count(*) AS many FROM operation WHERE {where}"  # noqa: S608
        " GROUP BY status",
        values,
    )
    counts = {row["status"]: row["many"] for row in rows}
    return Progress(counts=dict.fromkeys(STATUSES, 0) | counts)


def progress_of_all(batch: Row) -> Progress:
    """Return what the batch's own row counts, for who sees all of its operations."""
    counts = {status: int(batch[column]) for status, column in _COLUMNS.items()}
    to_come = max(batch["target_count"] - sum(counts.values()), 0)
    return Progress(counts=counts, to_come=0 if batch["is_cancelled"] else to_come)


def pace(
    views: Views, account: Account, batch: Row, *, left: int, now: datetime
) -> Pace | None:
    """Tell how fast operations end; None while it is too early to say."""
    begun = datetime.fromisoformat(batch["created"])
    since = max(begun, now - timedelta(minutes=_PACE_MINUTES))
    seconds = (now - since).total_seconds()
    if seconds < _PACE_SECONDS_MIN:
        return None
    where, values = _mine(account, batch["id"])
    (found,) = views.rows(
        f"SELECT count(*) AS ended FROM operation WHERE {where}"  # noqa: S608
        " AND status <> 'in-progress' AND modified >= ?",
        [*values, moment(since)],
    )
    ended = int(found["ended"])
    known = ended >= _PACE_ENDED_MIN and not batch["held"]
    return Pace(
        ended=ended,
        minutes=round(seconds / 60),
        minutes_left=round(left * seconds / ended / 60) if known else None,
    )


def begun_by(flashlog: Flashlog, batch_id: UUID) -> str:
    """Return the name of who started a batch; blank where nobody did."""
    first = flashlog.log.story(batch_id, until=1)[0].event
    person = first.by if isinstance(first, Started) else None
    return name_of(flashlog, person) if person else ""


def operations_page(
    views: Views,
    account: Account,
    batch_id: UUID,
    *,
    status: str | None,
    name: str,
    order: str,
) -> "Operations":
    """Return the operations of a batch that are asked for, in a key of ORDERS."""
    query = operations_in_words(account, batch_id=batch_id, status=status, name=name)
    return Operations(views, msgspec.structs.replace(query, orders=ORDERS[order]))


class Operations:
    """A list of operations: the page is found first, then told in words."""

    def __init__(self, views: Views, query: Query) -> None:
        self._views = views
        self._query = query

    def count(self) -> int:
        return self._query.count(self._views)

    def page(self, *, limit: int, offset: int) -> Sequence[Row]:
        bare = msgspec.structs.replace(self._query, columns="operation.id")
        ids = [row["id"] for row in bare.page(self._views, limit=limit, offset=offset)]
        among = Condition(
            "operation.id IN (SELECT value FROM json_each(?))",
            (msgspec.json.encode(ids).decode(),),
        )
        # `version` is that of the build: this is how long the story is.
        columns = f"{self._query.columns}, operation.version AS story_version"
        told = msgspec.structs.replace(
            self._query, columns=columns, conditions=(among,)
        )
        return told.all(self._views)


def _mine(account: Account, batch_id: str) -> tuple[str, list[str]]:
    seen = seen_by(account) or ALL
    return f"batch_id = ? AND {seen.text}", [batch_id, *seen.values]
