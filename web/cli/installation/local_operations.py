"""Upgrades of single routers by this machine's installation."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread
from time import monotonic, sleep
from uuid import UUID

from application.commands.operations import (
    cancel_operation,
    resume_operation,
    retry_operation,
    start_upgrade,
)
from application.flashlog import Flashlog
from application.foreground import run_operation
from application.queries.finding import find_operation
from application.queries.overview import operation_by_name, operations_by_name
from application.watch import Moment, moments, watch
from web.cli.installation.ports import Row

# How long to wait for the service to give back what a cancelled upgrade had taken.
_GIVE_BACK_SECONDS = 5.0
_LOOK_SECONDS = 0.1


class LocalOperations:
    """Told from the log, which needs nobody to be up."""

    def __init__(self, flashlog: Flashlog, who: Callable[[], UUID]) -> None:
        self._flashlog = flashlog
        self._who = who

    def find(self, text: str) -> UUID:
        return find_operation(self._flashlog, text)

    def list(
        self, *, device_id: UUID | None, status: str | None, limit: int
    ) -> Sequence[Row]:
        return operations_by_name(
            self._flashlog, device_id=device_id, status=status, limit=limit
        )

    def show(self, operation_id: UUID) -> Row:
        return operation_by_name(self._flashlog, operation_id)

    def story(self, operation_id: UUID) -> Sequence[Moment]:
        return moments(self._flashlog, operation_id)

    def follow(
        self, operation_id: UUID, *, works: bool = False
    ) -> Iterator[Moment | None]:
        if works and not self._flashlog.is_worked():
            with _working(self._flashlog, operation_id):
                yield from watch(self._flashlog, operation_id)
        else:
            yield from watch(self._flashlog, operation_id)

    def start(
        self,
        *,
        device_id: UUID,
        image_id: UUID,
        options: Row,
        expendable_packages: Sequence[str],
    ) -> UUID | None:
        return start_upgrade(
            self._flashlog,
            device_id=device_id,
            image_id=image_id,
            options=options,
            expendable_packages=expendable_packages,
            by=self._who(),
        )

    def cancel(self, operation_id: UUID) -> None:
        cancel_operation(self._flashlog, operation_id=operation_id, by=self._who())
        self._give_back(operation_id)

    def retry(self, operation_id: UUID) -> UUID:
        return retry_operation(
            self._flashlog, operation_id=operation_id, by=self._who()
        )

    def resume(self, operation_id: UUID) -> None:
        resume_operation(self._flashlog, operation_id=operation_id, by=self._who())

    def _give_back(self, operation_id: UUID) -> None:
        """See what it owes given back; who does not answer is left."""
        if self._flashlog.is_worked():
            deadline = monotonic() + _GIVE_BACK_SECONDS
            while not moments(self._flashlog, operation_id)[-1].is_over:
                if monotonic() > deadline:
                    return
                sleep(_LOOK_SECONDS)
            self._flashlog.show(self._flashlog.log.end())
            return
        stop = Event()
        while not (story := moments(self._flashlog, operation_id))[-1].is_over:
            before = len(story)
            run_operation(self._flashlog, operation_id, stop)
            if len(moments(self._flashlog, operation_id)) == before:
                return


@contextmanager
def _working(flashlog: Flashlog, operation_id: UUID) -> Iterator[None]:
    """Do the work of an operation in this process meanwhile.

    Where the block is left by Ctrl-C nothing is waited for: the log, and the switch on
    the router, are made for a runner that is gone.
    """
    stop = Event()
    worker = Thread(
        target=run_operation, args=(flashlog, operation_id, stop), daemon=True
    )
    worker.start()
    try:
        yield
    finally:
        stop.set()
    worker.join()
    flashlog.show(flashlog.log.end())
