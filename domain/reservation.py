"""One natural key in one scope: how two things never get the same name."""

from uuid import NAMESPACE_URL, UUID, uuid5

from domain.base import Aggregate, Event
from domain.errors import RefusedError


class KeyTakenError(RefusedError):
    """The key belongs to something else."""


class ReservationEvent(Event, frozen=True, kw_only=True):
    """A fact of a reservation."""


class Claimed(ReservationEvent, frozen=True, kw_only=True):
    TOPIC = "Reservation:Claimed"

    scope: str
    owner_id: UUID

    def apply(self, reservation: "Reservation") -> None:
        reservation.owner_id = self.owner_id


class Released(ReservationEvent, frozen=True, kw_only=True):
    TOPIC = "Reservation:Released"

    def apply(self, reservation: "Reservation") -> None:
        reservation.owner_id = None


class Reservation(Aggregate):
    """The id is derived from scope and key, so that two claims meet in one stream."""

    owner_id: UUID | None = None

    @staticmethod
    def id_of(scope: str, key: str) -> UUID:
        return uuid5(NAMESPACE_URL, f"flashlog:{scope}:{key.strip().casefold()}")

    @staticmethod
    def exact_id_of(scope: str, key: str) -> UUID:
        """Return the id of a key in which upper and lower case are not the same."""
        return uuid5(NAMESPACE_URL, f"flashlog:{scope}={key}")

    def claim(self, scope: str, owner_id: UUID) -> None:
        if self.owner_id == owner_id:
            return
        if self.owner_id is not None:
            msg = f"this {scope.rpartition('/')[2]} is taken"
            raise KeyTakenError(msg)
        self.record(Claimed(scope=scope, owner_id=owner_id))

    def release(self, owner_id: UUID) -> None:
        if self.owner_id == owner_id:
            self.record(Released())


ReservationEvent.AGGREGATE = Reservation
