"""What was found in the log and not yet told, in one small document that is kept."""

from datetime import datetime
from uuid import UUID

import msgspec

from application.adapters.kept import Kept
from application.notices.notice import Gathered, Notice
from application.notices.occasions import Occasion

_NAME = "notices.json"


class Delivery(msgspec.Struct, kw_only=True):
    """A notice on its way over one channel."""

    notice: Notice
    since: datetime
    not_before: datetime
    tries: int = 0


class Line(msgspec.Struct, kw_only=True):
    """What one channel has still to tell.

    `gathered`, `quiet_until` and `deliveries` have the id of a batch as key, or nothing
    for what belongs to no batch. While a notice is on its way, or was lately, what else
    happens to its batch is gathered: nobody gets two of them in quick succession.
    """

    gathered: dict[str, Gathered] = msgspec.field(default_factory=dict)
    quiet_until: dict[str, datetime] = msgspec.field(default_factory=dict)
    deliveries: dict[str, Delivery] = msgspec.field(default_factory=dict)

    def gather(self, occasion: Occasion) -> None:
        subject = subject_of(occasion.batch)
        self.gathered.setdefault(subject, Gathered()).add(occasion)

    def make_notices(self, *, installation: UUID, at: datetime) -> bool:
        """Make the notices that are due; returns whether there are any."""
        self.quiet_until = {k: end for k, end in self.quiet_until.items() if end > at}
        waiting = self.quiet_until.keys() | self.deliveries.keys()
        due = [subject for subject in self.gathered if subject not in waiting]
        for subject in due:
            notice = self.gathered.pop(subject).notice(
                batch_of(subject), installation=installation, at=at
            )
            self.deliveries[subject] = Delivery(notice=notice, since=at, not_before=at)
        return bool(due)

    def end(self, subject: str, *, quiet_until: datetime) -> None:
        """Have done with a notice, delivered or not."""
        del self.deliveries[subject]
        self.quiet_until[subject] = quiet_until


class State(msgspec.Struct, kw_only=True):
    """Everything that a sender that starts again has to know; lines by channel."""

    position: int
    lines: dict[str, Line] = msgspec.field(default_factory=dict)


def subject_of(batch: UUID | None) -> str:
    return "" if batch is None else str(batch)


def batch_of(subject: str) -> UUID | None:
    return UUID(subject) if subject else None


class StateFile:
    """The state as it is kept, whole at any moment."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    def load(self) -> State | None:
        """Return the state; None where there is none, or none that can be read."""
        try:
            return msgspec.json.decode(self._kept.load(_NAME) or b"", type=State)
        except msgspec.DecodeError:
            return None

    def save(self, state: State) -> None:
        self._kept.save(_NAME, msgspec.json.encode(state))

    def forget(self) -> None:
        """Begin at the end of the log the next time."""
        self._kept.forget(_NAME)
