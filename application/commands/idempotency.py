"""Doing the work of a request once: the key is saved with the work, or neither is."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from application.flashlog import Flashlog
from domain.base import Aggregate
from domain.idempotency import IdempotencyKey, KeyUsedError, Used

__all__ = ["NO_KEY", "GivenKey", "KeyUsedError", "RequestKey", "Used"]


class RequestKey:
    """What a command saves beside its work: nothing, unless the request has a key."""

    def of(self, flashlog: Flashlog, owner_id: UUID) -> Sequence[Aggregate]:
        """Return what to append with the work on `owner_id`.

        To be called within `decide`. Raises KeyUsedError when the work was done
        meanwhile.
        """
        return ()

    def answering(self, *, is_new: bool) -> "RequestKey":
        """Note what the answer says: whether something came into being."""
        return self


NO_KEY = RequestKey()


class GivenKey(RequestKey, msgspec.Struct, frozen=True, kw_only=True):
    """The key of one request of one user."""

    user_id: UUID
    key: str
    fingerprint: str
    is_new: bool = True

    def of(self, flashlog: Flashlog, owner_id: UUID) -> Sequence[Aggregate]:
        key = self._load(flashlog)
        key.use(
            Used(
                fingerprint=self.fingerprint,
                owner_id=owner_id,
                is_new=self.is_new,
                at=flashlog.clock.now(),
                by=self.user_id,
            )
        )
        return (key,)

    def answering(self, *, is_new: bool) -> "GivenKey":
        return msgspec.structs.replace(self, is_new=is_new)

    def used(self, flashlog: Flashlog) -> Used | None:
        """Return what came of the key, if it was used lately."""
        return self._load(flashlog).used_at(flashlog.clock.now())

    def _load(self, flashlog: Flashlog) -> IdempotencyKey:
        key_id = IdempotencyKey.id_of(self.user_id, self.key)
        return flashlog.log.get_or_new(IdempotencyKey, key_id)
