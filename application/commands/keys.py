"""The natural keys of the catalogue: which name, version or type is whose."""

from collections.abc import Sequence
from uuid import UUID

from application.flashlog import Flashlog
from domain.reservation import KeyTakenError, Reservation


def of_categories(organization_id: UUID | None) -> str:
    """Return the scope of names of categories."""
    return f"organization/{organization_id}/category/name"


def of_versions(category_id: UUID) -> str:
    """Return the scope of versions of builds."""
    return f"category/{category_id}/build/version"


def of_systems(organization_id: UUID | None) -> str:
    """Return the scope of identifiers of operating systems, of builds."""
    return f"organization/{organization_id}/build/os"


def of_types(build_id: UUID) -> str:
    """Return the scope of types of images."""
    return f"build/{build_id}/image/type"


class Keys:
    """Reservations that are claimed and released together, to be saved together."""

    def __init__(self, flashlog: Flashlog) -> None:
        self._log = flashlog.log
        self._touched: dict[UUID, Reservation] = {}

    @property
    def reservations(self) -> Sequence[Reservation]:
        return tuple(self._touched.values())

    def owner(self, scope: str, key: str) -> UUID | None:
        """Return who has a key."""
        return self._found(scope, key).owner_id

    def take(self, scope: str, key: str, owner_id: UUID) -> bool:
        """Claim a key; False where somebody else has it."""
        try:
            self._found(scope, key).claim(scope, owner_id)
        except KeyTakenError:
            return False
        return True

    def give_back(self, scope: str, key: str, owner_id: UUID) -> None:
        self._found(scope, key).release(owner_id)

    def _found(self, scope: str, key: str) -> Reservation:
        claim_id = Reservation.exact_id_of(scope, key)
        if claim_id not in self._touched:
            self._touched[claim_id] = self._log.get_or_new(Reservation, claim_id)
        return self._touched[claim_id]
