"""One message about several occasions of the same batch."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID, uuid4

import msgspec

from application.notices.occasions import Kind, Occasion

# More than these are counted and not named.
EXAMPLES_MAX = 20

_PHRASES = {
    Kind.FAILED: "failed",
    Kind.ABORTED: "aborted",
    Kind.HELD: "held",
    Kind.OWED: "still owed something",
    Kind.GIVEN_UP: "given up with something owed",
}


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What channels are given; its JSON is what webhooks and commands get.

    The same `id` means the same notice sent again. `batch` is None for what belongs
    to no batch.
    """

    id: UUID
    type: str = "flashlog.notice"
    timestamp: datetime
    installation: UUID
    batch: UUID | None
    subject: str
    text: str
    counts: Mapping[str, int]
    occasions: Sequence[Occasion]


class Gathered(msgspec.Struct):
    """Occasions of one batch that were not told yet."""

    counts: dict[str, int] = msgspec.field(default_factory=dict)
    occasions: list[Occasion] = msgspec.field(default_factory=list)

    def add(self, occasion: Occasion) -> None:
        self.counts[occasion.kind] = self.counts.get(occasion.kind, 0) + 1
        # A batch that is held waits for a person: that is never left out.
        is_of_batch = occasion.operation is None
        if len(self.occasions) < EXAMPLES_MAX or is_of_batch:
            self.occasions.append(occasion)

    def notice(self, batch: UUID | None, *, installation: UUID, at: datetime) -> Notice:
        """Say all of it at once."""
        subject = f"Flashlog: {_counted(self.counts)}"
        if batch is not None:
            subject += f" in batch {batch}"
        return Notice(
            id=uuid4(),
            timestamp=at,
            installation=installation,
            batch=batch,
            subject=subject,
            text=_text(self),
            counts=dict(self.counts),
            occasions=list(self.occasions),
        )


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(
        f"{counts[kind]} {phrase}"
        for kind, phrase in _PHRASES.items()
        if kind in counts
    )


def _text(gathered: Gathered) -> str:
    lines = list(map(_line, gathered.occasions))
    more = sum(gathered.counts.values()) - len(gathered.occasions)
    if more:
        lines.append(f"and {more} more")
    return "\n".join(lines)


def _line(occasion: Occasion) -> str:
    about = {
        "device": occasion.device_name or occasion.device,
        "operation": occasion.operation,
        "batch": occasion.batch,
    }
    named = ", ".join(f"{what} {which}" for what, which in about.items() if which)
    when = occasion.at.isoformat(timespec="seconds")
    return f"{when} {occasion.kind}: {named}: {occasion.reason}"
