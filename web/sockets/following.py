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

# Of more operations than these the state of a batch has no logs: they would be nearly
# all of it, 16 MB for ten thousand.
LOGS_MAX = 1000
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
        """Who sees more or less than before is to come back."""
        account = account_now()
        if account is None:
            return False
        kind, thing_id, _ = self._key
        return self._key == _key_for(self.flashlog, account, kind, thing_id)

    def answer(self) -> None:
        """Say how it is, in its place among what is told.

        What is told meanwhile waits; what the answer shows already is left out.
        """
        self.client.hold()
        frames: list[bytes] = []
        position = 0
        try:
            position, frames = _ANSWERS[self._key.kind](self.flashlog, self._key)
        finally:
            self.client.release(frames, position=position)


def _key_for(
    flashlog: Flashlog, account: Account, kind: Kind, thing_id: UUID
) -> Key | None:
    """Return what an account follows there; None where it may not listen.

    Of a batch without an organization nobody but superusers is told: it has routers
    of everybody.
    """
    if not _EXISTS[kind](flashlog, thing_id):
        return None
    if account.is_superuser:
        return Key(kind, thing_id)
    organization_id = organization_of(flashlog.views, thing_id)
    if not (
        account.is_staff
        and account.may(f"view_{kind}", f"change_{kind}")
        and organization_id is not None
        and account.may_change(UUID(organization_id))
    ):
        return None
    organizations = frozenset(map(str, account.manages))
    return Key(kind, thing_id, organizations if kind is Kind.BATCH else None)


def to_operation(account: Account, operation_id: UUID) -> Listening:
    return _let_in(account, Kind.OPERATION, operation_id)


def to_batch(account: Account, batch_id: UUID) -> Listening:
    return _let_in(account, Kind.BATCH, batch_id)


def to_device(account: Account, device_id: UUID) -> Listening:
    return _let_in(account, Kind.DEVICE, device_id)


def _let_in(account: Account, kind: Kind, thing_id: UUID) -> Listening:
    key = _key_for(state().flashlog, account, kind, thing_id)
    if key is None:
        raise forbidden()
    return Following(hub(), key)


def _operation(flashlog: Flashlog, key: Key) -> tuple[int, list[bytes]]:
    position, rows = operations_now(flashlog.views, "id", key.thing_id)
    if not rows:  # not in the read models yet, or these are being made anew
        row = operation_row(flashlog, key.thing_id)
        rows = [row] if row else []
    at = flashlog.clock.now()
    return position, [operation_frame(_UPDATE, _shown(row), at=at) for row in rows]


def _device(flashlog: Flashlog, key: Key) -> tuple[int, list[bytes]]:
    position, rows = operations_now(
        flashlog.views, "device_id", key.thing_id, limit=_SHOWN_OF_DEVICE
    )
    at = flashlog.clock.now()
    return position, [device_frame(_UPDATE, _shown(row), at=at) for row in rows]


def _batch(flashlog: Flashlog, key: Key) -> tuple[int, list[bytes]]:
    position, rows = operations_now(flashlog.views, "batch_id", key.thing_id)
    progress = batch_progress(flashlog.views, str(key.thing_id))
    if progress is None:
        return 0, []
    seen = [row for row in rows if key.sees(row["organization_id"])]
    if len(seen) > LOGS_MAX:
        bare = [operation_object(row, ()) for row in seen]
        return position, [batch_state_frame(progress, bare, logs_left_out=True)]
    return position, [batch_state_frame(progress, [_shown(row) for row in seen])]


def _shown(row: Row) -> Row:
    lines = state().stories.lines(UUID(row["id"]), version=row["version"])
    return operation_object(row, lines)


_ANSWERS: dict[Kind, Callable[[Flashlog, Key], tuple[int, list[bytes]]]] = {
    Kind.OPERATION: _operation,
    Kind.BATCH: _batch,
    Kind.DEVICE: _device,
}
_EXISTS: dict[Kind, Callable[[Flashlog, UUID], bool]] = {
    Kind.OPERATION: lambda flashlog, id_: operation_row(flashlog, id_) is not None,
    Kind.BATCH: lambda flashlog, id_: bool(flashlog.views.one("batch", str(id_))),
    Kind.DEVICE: lambda flashlog, id_: bool(flashlog.views.one("device", str(id_))),
}
