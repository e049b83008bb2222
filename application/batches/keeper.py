"""The keeper: makes the operations of batches, and cancels those of cancelled ones.

One at a time in an installation, beside a runner; whoever comes after one that was
killed goes on where the log says.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from threading import Event as Signal
from uuid import UUID

from eventsourcing.persistence import IntegrityError

from application.batches.filling import fill
from application.beside import beside
from application.commands.operations import cancel_operation
from application.errors import RefusedError, StorageError
from application.flashlog import Flashlog
from domain.batch.batch import Batch
from domain.operation.operation import UpgradeOperation

ROLE = "keeper"

# How often a second keeper looks whether the first has gone, in seconds.
_TURN_SECONDS = 0.5
# How often the read models are asked whether they have changed, in seconds.
_PAUSE_SECONDS = 0.02
# After trouble there is no hurry.
_TROUBLE_PAUSE_SECONDS = 1.0
_GROUP = 50

_log = logging.getLogger(__name__)


def keeping(flashlog: Flashlog) -> AbstractContextManager[None]:
    """Be the keeper, in a thread, while no other process is."""
    return beside(
        lambda done: _keep(flashlog, done), stop_seconds=flashlog.settings.stop_seconds
    )


def keep_up(flashlog: Flashlog, stop: Signal) -> bool:
    """Do what batches wait for; False where that is to be tried again."""
    unfilled = flashlog.views.rows(
        "SELECT id FROM batch WHERE is_filled = 0 AND is_cancelled = 0"
    )
    cancelled = flashlog.views.rows(
        "SELECT id FROM batch WHERE status = 'in-progress' AND is_cancelled = 1"
    )
    done = [_tried(fill, flashlog, UUID(row["id"]), stop) for row in unfilled]
    done += [
        _tried(cancel_operations, flashlog, UUID(row["id"]), stop) for row in cancelled
    ]
    return all(done)


def cancel_operations(flashlog: Flashlog, batch_id: UUID, stop: Signal) -> None:
    """Cancel what a cancelled batch has not flashed; safe to run again."""
    batch = flashlog.log.get(Batch, batch_id)
    rows = flashlog.views.rows(
        "SELECT id FROM operation WHERE batch_id = ? AND status = 'in-progress'"
        " AND cancellable = 1",
        [str(batch_id)],
    )
    ids = [UUID(row["id"]) for row in rows]
    for start in range(0, len(ids), _GROUP):
        if stop.is_set():
            return
        _cancel(flashlog, ids[start : start + _GROUP], by=batch.cancelled_by)
    flashlog.show(flashlog.log.end())


def _cancel(flashlog: Flashlog, ids: Sequence[UUID], *, by: UUID | None) -> None:
    operations = [flashlog.log.get(UpgradeOperation, each) for each in ids]
    cancelled = [each for each in operations if each.is_cancellable]
    for operation in cancelled:
        operation.cancel(at=flashlog.clock.now(), by=by)
    try:
        flashlog.log.append(*cancelled)
    except IntegrityError:
        # Some of them are being visited: each by itself.
        for operation_id in ids:
            with suppress(RefusedError):
                cancel_operation(flashlog, operation_id=operation_id, by=by)


def _tried(
    work: Callable[[Flashlog, UUID, Signal], None],
    flashlog: Flashlog,
    batch_id: UUID,
    stop: Signal,
) -> bool:
    try:
        work(flashlog, batch_id, stop)
    except StorageError as error:
        _log.warning("batch %s has to wait: %s", batch_id, error)
    except Exception:  # noqa: BLE001
        # One batch must not keep the others waiting.
        _log.exception("action=batch_not_kept batch=%s", batch_id)
    else:
        return True
    return False


def _keep(flashlog: Flashlog, done: Signal) -> None:
    while not done.is_set():
        try:
            with flashlog.alone(ROLE) as is_alone:
                if is_alone:
                    _follow(flashlog, is_alone.ending(done))
        except StorageError as error:
            _log.warning("action=keeper_waits %s", error)
        except Exception:  # noqa: BLE001
            _log.exception("action=keeper_failed it goes on in a moment")
        done.wait(_TURN_SECONDS)


def _follow(flashlog: Flashlog, done: Signal) -> None:
    growth = flashlog.views.growth()
    try:
        is_up = False
        while not done.is_set():
            if growth.has_happened() or not is_up:
                is_up = keep_up(flashlog, done)
            done.wait(_PAUSE_SECONDS if is_up else _TROUBLE_PAUSE_SECONDS)
    finally:
        growth.close()
