"""The channels of an operation, a batch, a device: who may listen, what is said."""

from collections.abc import Callable
from uuid import UUID

from application.access import Account
from application.feed.batches import batch_progress
from application.feed.snapshot import operations_now
from application.flashlog import Flashlog
from application.projections.views import Row
from application.queries.belonging import organization_of
from application.queries.operations import operation_row
from web.representation import operation_object
from web.sockets.admission import account_now, forbidden, seated
from web.sockets.channels import (
    Key,
    Kind,
    batch_state_frame,
    device_frame,
    operation_frame,
)
from web.sockets.hub import Hub, hub
from web.sockets.listening import Listening
from web.state import state

_SHOWN_OF_DEVICE = 5
_UPDATE = "operation_update"


class Following(Listening):
    """A client that follows one thing, and may ask how it is."""

    def __init__(self, hub_: Hub, key: Key) -> None:
        with hub_.follower.lock:
            super().__init__(hub_, seated())
            hub_.channels.enter(self.client, key)
        self._key = key

    def may_go_on(self) -> bool:
        account = account_now()
        return account is not None and may_follow(self.flashlog, account, self._key)

    def answer(self) -> None:
        """Say how it is, in its place among what is told.

        What is told meanwhile waits; what the answer shows already is left out.
        """
        self.client.hold()
        frames: list[bytes] = []
        position = 0
        try:
            position, frames = _ANSWERS[self._key[0]](self.flashlog, self._key[1])
        finally:
            self.client.release(frames, position=position)


def may_follow(flashlog: Flashlog, account: Account, key: Key) -> bool:
    """Whether there is such a thing, and the account may listen to it.

    Of a batch without an organization nobody but superusers is told: it has routers
    of everybody.
    """
    kind, thing_id = key
    if not _EXISTS[kind](flashlog, thing_id):
        return False
    if account.is_superuser:
        return True
    may_view = account.may(f"view_{kind}", f"change_{kind}")
    organization_id = organization_of(flashlog.views, thing_id)
    return (
        account.is_staff
        and may_view
        and organization_id is not None
        and account.may_change(UUID(organization_id))
    )


def to_operation(account: Account, operation_id: UUID) -> Listening:
    return _let_in(account, (Kind.OPERATION, operation_id))


def to_batch(account: Account, batch_id: UUID) -> Listening:
    return _let_in(account, (Kind.BATCH, batch_id))


def to_device(account: Account, device_id: UUID) -> Listening:
    return _let_in(account, (Kind.DEVICE, device_id))


def _let_in(account: Account, key: Key) -> Listening:
    if not may_follow(state().flashlog, account, key):
        raise forbidden()
    return Following(hub(), key)


def _operation(flashlog: Flashlog, operation_id: UUID) -> tuple[int, list[bytes]]:
    position, rows = operations_now(flashlog.views, "id", operation_id)
    if not rows:  # not in the read models yet, or these are being made anew
        row = operation_row(flashlog, operation_id)
        rows = [row] if row else []
    at = flashlog.clock.now()
    return position, [operation_frame(_UPDATE, _shown(row), at=at) for row in rows]


def _device(flashlog: Flashlog, device_id: UUID) -> tuple[int, list[bytes]]:
    position, rows = operations_now(
        flashlog.views, "device_id", device_id, limit=_SHOWN_OF_DEVICE
    )
    at = flashlog.clock.now()
    return position, [device_frame(_UPDATE, _shown(row), at=at) for row in rows]


def _batch(flashlog: Flashlog, batch_id: UUID) -> tuple[int, list[bytes]]:
    position, rows = operations_now(flashlog.views, "batch_id", batch_id)
    progress = batch_progress(flashlog.views, str(batch_id))
    if progress is None:
        return 0, []
    return position, [batch_state_frame(progress, [_shown(row) for row in rows])]


def _shown(row: Row) -> Row:
    lines = state().stories.lines(UUID(row["id"]), version=row["version"])
    return operation_object(row, lines)


_ANSWERS: dict[Kind, Callable[[Flashlog, UUID], tuple[int, list[bytes]]]] = {
    Kind.OPERATION: _operation,
    Kind.BATCH: _batch,
    Kind.DEVICE: _device,
}
_EXISTS: dict[Kind, Callable[[Flashlog, UUID], bool]] = {
    Kind.OPERATION: lambda flashlog, id_: operation_row(flashlog, id_) is not None,
    Kind.BATCH: lambda flashlog, id_: bool(flashlog.views.one("batch", str(id_))),
    Kind.DEVICE: lambda flashlog, id_: bool(flashlog.views.one("device", str(id_))),
}
