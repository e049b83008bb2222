"""Mass upgrades by this machine's installation."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread
from time import sleep
from uuid import UUID

from application.access import Account
from application.commands.batch_control import (
    cancel_batch,
    hold_batch,
    resume_batch,
)
from application.commands.batches import Wish, selected, start_batch
from application.flashlog import Flashlog
from application.foreground import run_all
from application.queries.batches import newest
from application.queries.finding_batches import batch_row, find_batch
from web.cli.installation.ports import Row, goes_on

_LOOK_SECONDS = 0.2


class LocalBatches:
    """Whoever sits here may read the whole store."""

    def __init__(self, flashlog: Flashlog, who: Callable[[], UUID]) -> None:
        self._flashlog = flashlog
        self._who = who

    def find(self, text: str) -> UUID:
        return find_batch(self._flashlog, text)

    def list(self, *, status: str | None, limit: int) -> Sequence[Row]:
        return newest(self._flashlog, status=status, limit=limit)

    def show(self, batch_id: UUID) -> Row:
        return batch_row(self._flashlog, batch_id)

    def ended(self, batch_id: UUID, *, status: str, limit: int) -> Sequence[Row]:
        return self._flashlog.views.rows(
            "SELECT operation.id, device_owner.name AS device, operation.status,"
            " operation.modified FROM operation"
            " LEFT JOIN device_owner ON device_owner.id = operation.device_id"
            " WHERE batch_id = ? AND status = ?"
            " ORDER BY operation.modified DESC, operation.position DESC LIMIT ?",
            [str(batch_id), status, limit],
        )

    def follow(self, batch_id: UUID, *, works: bool = False) -> Iterator[Row]:
        if works and not self._flashlog.is_worked():
            with _working(self._flashlog):
                yield from self._follow(batch_id)
        else:
            yield from self._follow(batch_id)

    def check(self, build_id: UUID, wish: Wish) -> Row:
        found = selected(self._flashlog, self._account(), build_id, wish)
        return {
            "device_firmwares": [each.firmware_id for each in found.related],
            "devices": [each.device_id for each in found.firmwareless],
            "skipped": [
                {"device": each.device_id, "name": each.name, "reason": each.reason}
                for each in found.skipped
            ],
            "warnings": [
                {"device": each.device_id, "name": each.name, "reason": each.warning}
                for each in found.chosen(upgrade_all=True)
                if each.warning
            ],
        }

    def start(self, build_id: UUID, wish: Wish) -> UUID:
        return start_batch(
            self._flashlog, self._account(), build_id=build_id, wish=wish
        )

    def hold(self, batch_id: UUID, reason: str) -> None:
        hold_batch(self._flashlog, batch_id=batch_id, reason=reason, by=self._who())

    def resume(self, batch_id: UUID) -> None:
        resume_batch(self._flashlog, batch_id=batch_id, by=self._who())

    def cancel(self, batch_id: UUID) -> None:
        cancel_batch(self._flashlog, batch_id=batch_id, by=self._who())

    def _account(self) -> Account:
        return Account(
            user_id=self._who(), is_active=True, is_staff=True, is_superuser=True
        )

    def _follow(self, batch_id: UUID) -> Iterator[Row]:
        while True:
            self._flashlog.show(self._flashlog.log.end())
            row = self.show(batch_id)
            yield row
            if not goes_on(row):
                return
            sleep(_LOOK_SECONDS)


@contextmanager
def _working(flashlog: Flashlog) -> Iterator[None]:
    """Do everything that is due meanwhile; whoever runs next goes on."""
    stop = Event()
    # A daemon: Ctrl-C must not wait for an upload.
    worker = Thread(target=run_all, args=(flashlog, stop), daemon=True)
    worker.start()
    try:
        yield
    finally:
        stop.set()
    worker.join()
