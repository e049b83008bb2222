"""Everything that happened to a thing, event by event, with who did it.

A device's history has its operations in it, a batch's too: what is about a thing is
what `application.projections.belonging` says. What was deleted keeps its history.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

import msgspec

from application.access import ALL, Account
from application.flashlog import Flashlog
from application.log import Entry
from application.projections.views import Row
from application.queries.lists import NO_LIMIT
from application.queries.naming import names_seen
from application.queries.operations import Wanted, seen_by
from application.queries.operations import list_operations as operations
from application.queries.telling import told
from domain.batch.batch import Batch
from domain.operation.operation import UpgradeOperation

_MAY_SEE_OPERATIONS = ("view_upgradeoperation", "change_upgradeoperation")


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a history.

    `version` is its place in the story of its `subject`. `by` is a user, None where
    Flashlog itself did it; `by_name` is told to who may see them. `attempt` is that of
    an operation. `line` is the event in a sentence, `data` is all that it carries.
    """

    position: int
    time: datetime
    type: str
    version: int
    subject: UUID
    by: UUID | None
    by_name: str | None
    attempt: int | None
    line: str
    data: Mapping[str, Any]


class History(msgspec.Struct, frozen=True, kw_only=True):
    """Where the events of a history are in the log, oldest first."""

    positions: Sequence[int]

    def page(
        self,
        flashlog: Flashlog,
        account: Account,
        *,
        limit: int,
        offset: int = 0,
        newest_first: bool = False,
    ) -> list[Happened]:
        """Tell some of the events."""
        ordered = self.positions[::-1] if newest_first else self.positions
        wanted = ordered[offset : offset + limit]
        entries = {each.position: each for each in flashlog.log.at(wanted)}
        return _told(flashlog, account, [entries[each] for each in wanted])


def history_of(flashlog: Flashlog, ids: Iterable[UUID], *, until: int) -> History:
    """Return what happened to some things up to a position."""
    found = flashlog.log.recorder.select_positions(list(dict.fromkeys(ids)))
    return History(positions=sorted(each for each in found if each <= until))


def about_device(flashlog: Flashlog, account: Account, device_id: UUID) -> list[UUID]:
    """Return a device and its operations, as far as they may be seen."""
    if not account.may(*_MAY_SEE_OPERATIONS):
        return [device_id]
    return [device_id, *_operations(flashlog, Wanted(device_id=device_id))]


def about_batch(flashlog: Flashlog, account: Account, batch_id: UUID) -> list[UUID]:
    """Return a batch, its targets and its operations, as far as they may be seen.

    A batch that all organizations share tells of the devices of all: others than
    superusers are told of their own operations alone.
    """
    wanted = Wanted(batch_id=batch_id, seen=seen_by(account))
    mine = _operations(flashlog, wanted) if account.may(*_MAY_SEE_OPERATIONS) else []
    batch = flashlog.log.get(Batch, batch_id)
    if batch.plan.organization_id is None and not account.is_superuser:
        return mine
    return [batch_id, batch.targets_id, *mine]


def count_about_batch(flashlog: Flashlog, account: Account, batch: Row) -> int:
    """Count the events of a batch as `about_batch` has them, without looking at each.

    `batch` is its row; the operations are counted as far as the read models are.
    """
    count, of_batch = 0, flashlog.log.get(Batch, UUID(batch["id"]))
    if of_batch.plan.organization_id is not None or account.is_superuser:
        own = [of_batch.id, of_batch.targets_id]
        count += len(flashlog.log.recorder.select_positions(own))
    if account.may(*_MAY_SEE_OPERATIONS):
        seen = seen_by(account) or ALL
        (found,) = flashlog.views.rows(
            "SELECT coalesce(sum(version), 0) AS many FROM operation"  # noqa: S608
            f" WHERE batch_id = ? AND {seen.text}",
            [batch["id"], *seen.values],
        )
        count += int(found["many"])
    return count


def _operations(flashlog: Flashlog, wanted: Wanted) -> list[UUID]:
    rows = operations(flashlog.views, wanted, limit=NO_LIMIT, offset=0)
    return [UUID(row["id"]) for row in rows]


def _told(
    flashlog: Flashlog, account: Account, entries: Sequence[Entry]
) -> list[Happened]:
    doers = {by for each in entries if (by := _doer(each))}
    names = names_seen(flashlog, account, doers)
    attempts = _attempts(flashlog, entries)
    return [
        Happened(
            position=entry.position,
            time=entry.recorded_at,
            type=entry.event.TOPIC,
            version=entry.event.originator_version,
            subject=entry.event.originator_id,
            by=(by := _doer(entry)),
            by_name=names.get(by) if by else None,
            attempt=attempts.get(entry.position),
            line=told(entry.event),
            data={
                name: getattr(entry.event, name)
                for name in entry.event.__struct_fields__
            },
        )
        for entry in entries
    ]


def _doer(entry: Entry) -> UUID | None:
    by = getattr(entry.event, "by", None)
    # Some things are done by Flashlog or by the router.
    return by if isinstance(by, UUID) else None


def _attempts(flashlog: Flashlog, entries: Sequence[Entry]) -> dict[int, int]:
    """Return in which attempt events of operations were, by their positions."""
    ids = {
        each.event.originator_id
        for each in entries
        if each.event.AGGREGATE is UpgradeOperation
    }
    found: dict[int, int] = {}
    stories = flashlog.log.stories(list(ids))
    for operation_id, story in groupby(stories, attrgetter("event.originator_id")):
        operation = UpgradeOperation(operation_id)
        for entry in story:
            operation.evolve(entry.event)
            found[entry.position] = operation.attempt
    return found
