"""What was taken from a router, and what became of it: owed, settled, given up."""

from datetime import datetime

import msgspec

from application.log import Entry
from application.queries.operation_story.retelling import Retold
from domain.operation import events
from domain.operation.operation import UpgradeOperation
from domain.operation.words import Obligation


class Owed(msgspec.Struct, kw_only=True):
    """One thing that was taken. `by` is who gave it back, blank while nobody has.

    `given_up` says why nobody could; `detail` is what it is in particular.
    """

    obligation: str
    since: datetime
    detail: str = ""
    settled_at: datetime | None = None
    by: str = ""
    given_up: str = ""

    @property
    def is_open(self) -> bool:
        return self.settled_at is None


def obligations(retold: Retold) -> list[Owed]:
    """Return all that the router was ever owed, in the order in which it was taken."""
    operation = UpgradeOperation(retold.operation.id)
    found: list[Owed] = []
    for entry in retold.entries:
        before = operation.owed
        operation.evolve(entry.event)
        for obligation in sorted(operation.owed - before):
            taken = Owed(obligation=obligation, since=entry.recorded_at)
            taken.detail = _detail(entry, obligation)
            found.append(taken)
        for obligation in before - operation.owed:
            _close(found, obligation, entry)
    return found


def _close(found: list[Owed], obligation: Obligation, entry: Entry) -> None:
    event = entry.event
    (owed,) = [each for each in found if each.obligation == obligation and each.is_open]
    owed.settled_at = entry.recorded_at
    if isinstance(event, events.ObligationGivenUp):
        owed.given_up = event.reason
    else:
        owed.by = str(getattr(event, "by", ""))


def _detail(entry: Entry, obligation: Obligation) -> str:
    event = entry.event
    if isinstance(event, events.ServicesStopBegun):
        return ", ".join(event.services) if obligation == Obligation.SERVICES else ""
    return event.path if isinstance(event, events.UploadBegun) else ""
