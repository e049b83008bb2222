"""Keys that one thing alone may have, claimed and given back together with it."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from application.flashlog import Flashlog
from domain.errors import InvalidError
from domain.reservation import KeyTakenError, Reservation


class TakenError(InvalidError):
    """Something else has one of the keys; `fields` names each."""


class Key(msgspec.Struct, frozen=True):
    """A key in a scope; an `exact` one is another in upper case."""

    scope: str
    text: str
    exact: bool = False

    @property
    def id(self) -> UUID:
        made = Reservation.exact_id_of if self.exact else Reservation.id_of
        return made(self.scope, self.text)


class Claims:
    """What one owner takes and gives back; `wrong` names fields that cannot be."""

    def __init__(self, flashlog: Flashlog, owner_id: UUID) -> None:
        self._log = flashlog.log
        self._owner_id = owner_id
        self._touched: dict[UUID, Reservation] = {}
        self.wrong: dict[str, list[str]] = {}

    def take(self, field: str, key: Key, *, taken: str) -> None:
        """Claim a key; `taken` is said of the field where somebody else has it."""
        try:
            self._found(key).claim(key.scope, self._owner_id)
        except KeyTakenError:
            self.wrong[field] = [taken]

    def release(self, key: Key) -> None:
        self._found(key).release(self._owner_id)

    def move(self, field: str, before: Key, after: Key, *, taken: str) -> None:
        """Give one key back and claim another one."""
        if before.id != after.id:
            self.release(before)
        self.take(field, after, taken=taken)

    def granted(self) -> Sequence[Reservation]:
        """Return what is to be saved with the owner. Raises TakenError."""
        if self.wrong:
            raise TakenError(self.wrong)
        return tuple(self._touched.values())

    def _found(self, key: Key) -> Reservation:
        if key.id not in self._touched:
            self._touched[key.id] = self._log.get_or_new(Reservation, key.id)
        return self._touched[key.id]
