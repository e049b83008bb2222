"""A key by which a request is known again, so that its work is done once."""

from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from domain.base import Aggregate, Event
from domain.errors import RefusedError

# A client that still waits for its answer after this long has given up.
KEPT = timedelta(days=7)


class KeyUsedError(RefusedError):
    """The work of this request was done already, or the key is another request's."""

    def __init__(self, used: "Used") -> None:
        super().__init__(KeyUsedError.__doc__)
        self.used = used


class KeyEvent(Event, frozen=True, kw_only=True):
    """A fact of a key."""


class Used(KeyEvent, frozen=True, kw_only=True):
    """Saved in one transaction with the work that the request asked for.

    `owner_id` is what the request made, or what the work is about; `is_new` says
    whether the answer was that something had come into being. `fingerprint` tells the
    request from others.
    """

    TOPIC = "IdempotencyKey:Used"

    fingerprint: str
    owner_id: UUID
    is_new: bool = False
    at: datetime
    by: UUID | None = None

    def apply(self, key: "IdempotencyKey") -> None:
        key.used = self


class IdempotencyKey(Aggregate):
    """The id is derived from user and key, so that equal requests meet in one story."""

    used: Used | None = None

    @staticmethod
    def id_of(user_id: UUID, key: str) -> UUID:
        return uuid5(NAMESPACE_URL, f"flashlog:idempotency-key:{user_id}:{key}")

    def use(self, used: Used) -> None:
        """Take the key for a request. Raises KeyUsedError while it is another's."""
        before = self.used_at(used.at)
        if before is not None:
            raise KeyUsedError(before)
        self.record(used)

    def used_at(self, now: datetime) -> Used | None:
        """Return what the key was used for, as long as that counts."""
        is_kept = self.used is not None and now - self.used.at < KEPT
        return self.used if is_kept else None


KeyEvent.AGGREGATE = IdempotencyKey
