"""Events of a mass upgrade, so many a second, by a process of their own.

`python -m tests.benchmarks.happening BATCH RATE SECONDS` tells in the log what would
happen to its routers: forty at a time, from the first visit to the verified outcome.
"""

import sys
import time
from collections.abc import Callable, Iterator
from uuid import UUID

from application.flashlog import Flashlog
from application.settings import load_settings
from domain.operation.operation import UpgradeOperation
from domain.operation.words import SettledBy
from tests.domain import examples

_AT_ONCE = 40
_TICK_SECONDS = 0.05
_PIECES = 8

Step = Callable[[UpgradeOperation], None]


def _advance(piece: int) -> Step:
    sent_bytes = examples.IMAGE_BYTES * piece // _PIECES
    return lambda operation: operation.note(examples.upload_advanced(sent_bytes))


def _verify(operation: UpgradeOperation) -> None:
    operation.observe(examples.reconnected(), examples.outcome_verified())
    operation.settle_by(SettledBy.REBOOT)


# Every fourth router cannot take the image.
_BEFORE: tuple[Step, ...] = (
    lambda operation: operation.begin_visit("bench"),
    lambda operation: operation.note(examples.connected()),
    lambda operation: operation.note(examples.identity_verified()),
    lambda operation: operation.note(examples.image_compared()),
)
_ABORTED: tuple[Step, ...] = (
    *_BEFORE,
    lambda operation: operation.abort("not enough memory even after freeing some"),
)
_DONE: tuple[Step, ...] = (
    *_BEFORE,
    lambda operation: operation.note(examples.upload_begun()),
    *(_advance(piece) for piece in range(1, _PIECES)),
    lambda operation: operation.note(examples.uploaded()),
    lambda operation: operation.note(examples.image_accepted()),
    examples.begin_flash,
    _verify,
    lambda operation: operation.succeed(),
)
_EACH = 4


class _Underway:
    """An operation and what is still to happen to it."""

    def __init__(self, operation: UpgradeOperation, number: int) -> None:
        self.operation = operation
        self._left = iter(_DONE if number % _EACH else _ABORTED)

    def step(self) -> bool:
        """Let the next thing happen; False: it has ended."""
        step = next(self._left, None)
        if step is None:
            return False
        step(self.operation)
        return True


def main(batch_id: str, rate: int, seconds: float) -> None:
    flashlog = Flashlog(load_settings())
    try:
        waiting = _waiting(flashlog, batch_id)
        underway = [next(waiting) for _ in range(_AT_ONCE)]
        begun, told = time.monotonic(), 0
        while (now := time.monotonic()) < begun + seconds:
            wanted = int((now - begun + _TICK_SECONDS) * rate)
            told += _tell(flashlog, underway, waiting, wanted - told)
            time.sleep(max(0.0, now + _TICK_SECONDS - time.monotonic()))
        print(told, flush=True)
    finally:
        flashlog.close()


def _tell(
    flashlog: Flashlog,
    underway: list[_Underway],
    waiting: Iterator[_Underway],
    count: int,
) -> int:
    """Let about so many events happen in one append; returns how many it were."""
    moved: list[UpgradeOperation] = []
    told = 0
    while told < count and len(moved) < len(underway):
        each = underway.pop(0)
        version = each.operation.version
        if not each.step():
            each = next(waiting)
            version = each.operation.version
            each.step()
        underway.append(each)
        moved.append(each.operation)
        told += each.operation.version - version
    if moved:
        flashlog.log.append(*moved)
    return told


def _waiting(flashlog: Flashlog, batch_id: str) -> Iterator[_Underway]:
    rows = flashlog.views.rows(
        "SELECT id FROM operation WHERE batch_id = ? ORDER BY position", [batch_id]
    )
    for number, row in enumerate(rows):
        operation = flashlog.log.get(UpgradeOperation, UUID(row["id"]))
        yield _Underway(operation, number)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
