"""Give what somebody alone may have to one, and take it from them again."""

from collections.abc import Mapping
from uuid import UUID

from application.flashlog import Flashlog
from domain.errors import InvalidError
from domain.reservation import KeyTakenError, Reservation


def reserve(
    flashlog: Flashlog,
    scopes: Mapping[str, str],
    owner_id: UUID,
    *,
    keys: Mapping[str, str],
    before: Mapping[str, str],
    taken: Mapping[str, str],
) -> list[Reservation]:
    """Claim keys, and release those of before that are other ones now.

    All mappings are by field: `scopes` of the reservations, `taken` what is said
    where somebody else has the key. Returns what is to be saved with the owner.
    Raises InvalidError naming every field whose key is taken.
    """
    touched: dict[UUID, Reservation] = {}
    wrong: dict[str, list[str]] = {}
    for field, scope in scopes.items():
        old, new = before.get(field, ""), keys.get(field, "")
        if old and _id(scope, old) != _id(scope, new):
            _found(flashlog, touched, scope, old).release(owner_id)
        if new:
            try:
                _found(flashlog, touched, scope, new).claim(scope, owner_id)
            except KeyTakenError:
                wrong[field] = [taken[field]]
    if wrong:
        raise InvalidError(wrong)
    return list(touched.values())


def _id(scope: str, key: str) -> UUID:
    return Reservation.id_of(scope, key)


def _found(
    flashlog: Flashlog, touched: dict[UUID, Reservation], scope: str, key: str
) -> Reservation:
    reservation_id = _id(scope, key)
    if reservation_id not in touched:
        touched[reservation_id] = flashlog.log.get_or_new(Reservation, reservation_id)
    return touched[reservation_id]
