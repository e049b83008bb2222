"""What devices run otherwise at one moment than at an earlier one, and why."""

from collections.abc import Iterator, Sequence
from uuid import UUID

import msgspec

from application.access import Account, Condition
from application.flashlog import Flashlog
from application.past.patience import Patience
from application.past.reasons import Reasons
from application.past.running import Firmware, Since, lives
from application.projections.rows import Row


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One device; `before` is None where it has appeared, `after` where it has left.

    `steps` are what it was seen to run between, oldest first.
    """

    device_id: UUID
    name: str
    before: Firmware | None
    after: Firmware | None
    steps: Sequence[Since]

    @property
    def change(self) -> str:
        if self.before is None:
            return "appeared"
        return "left" if self.after is None else "changed"


def differences(
    flashlog: Flashlog,
    seen: Sequence[Condition],
    *,
    start: int,
    end: int,
    patience: Patience,
) -> Iterator[Difference]:
    """Tell of each device that is not as it was, from one position to a later one."""
    for life in lives(flashlog, seen, until=end, patience=patience):
        before, after = life.at(start), life.at(end)
        if not _has_changed(before, after):
            continue
        yield Difference(
            device_id=life.device_id,
            name=life.name,
            before=before.firmware if before else None,
            after=after.firmware if after else None,
            steps=[
                each
                for each in life.since
                if each.position > start and each.firmware.is_known
            ],
        )


def _has_changed(before: Since | None, after: Since | None) -> bool:
    if before is None or after is None:
        return before is not after
    return after.firmware.is_other_than(before.firmware)


def in_words(
    flashlog: Flashlog, account: Account, found: Sequence[Difference]
) -> list[Row]:
    """Return differences in plain values, with the names that an account may see."""
    firmware = [f for each in found for f in (each.before, each.after) if f]
    since = [step for each in found for step in each.steps]
    reasons = Reasons.of(flashlog, account, firmware=firmware, since=since)
    return [
        {
            "device": each.device_id,
            "device_name": each.name,
            "change": each.change,
            "from": reasons.ran(each.before) if each.before else None,
            "to": reasons.ran(each.after) if each.after else None,
            "steps": [reasons.seen(step) for step in each.steps],
        }
        for each in found
    ]
