"""Keys that one thing alone may have, claimed and given back together with it."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from application.flashlog import Flashlog
from domain.errors import InvalidError
from domain.reservation import KeyTakenError, Reservation

ID_TAKEN = "Something has this id already."


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
    """What is taken and given back; `wrong` says by field what somebody else has."""

    def __init__(self, flashlog: Flashlog) -> None:
        self._log = flashlog.log
        self._touched: dict[UUID, Reservation] = {}
        self.wrong: dict[str, list[str]] = {}

    def owner(self, key: Key) -> UUID | None:
        """Return who has a key."""
        return self._found(key).owner_id

    def take(self, key: Key, owner_id: UUID) -> bool:
        """Claim a key; False where somebody else has it."""
        try:
            self._found(key).claim(key.scope, owner_id)
        except KeyTakenError:
            return False
        return True

    def claim(self, field: str, key: Key, owner_id: UUID, *, taken: str) -> None:
        """Claim a key; where somebody else has it, `taken` is said of the field."""
        if not self.take(key, owner_id):
            self.wrong[field] = [taken]

    def release(self, key: Key, owner_id: UUID) -> None:
        """Let others have a key, if it is the owner's."""
        self._found(key).release(owner_id)

    def move(
        self,
        field: str,
        before: Key | None,
        after: Key | None,
        owner_id: UUID,
        *,
        taken: str,
    ) -> None:
        """Give one key back and claim another one; None: there was or will be none."""
        if before and (after is None or before.id != after.id):
            self.release(before, owner_id)
        if after:
            self.claim(field, after, owner_id, taken=taken)

    def check_id(self, owner_id: UUID) -> None:
        """Say so of `id` where there is something of this id."""
        if self._log.recorder.version_of(owner_id):
            self.wrong["id"] = [ID_TAKEN]

    def granted(self) -> Sequence[Reservation]:
        """Return what is to be saved with the owners. Raises TakenError."""
        if self.wrong:
            raise TakenError(self.wrong)
        return tuple(self._touched.values())

    def _found(self, key: Key) -> Reservation:
        if key.id not in self._touched:
            self._touched[key.id] = self._log.get_or_new(Reservation, key.id)
        return self._touched[key.id]
