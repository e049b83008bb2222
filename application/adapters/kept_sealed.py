"""Small secrets that processes share, sealed in the vault."""

from collections.abc import Callable
from uuid import UUID, uuid5

from application.adapters.kept import Kept
from application.adapters.vault import Vault
from domain.errors import NotFoundError

KIND = "kept"
_NAMES = UUID("9d2a4a52-4f6e-5b0e-8c39-2f27b1f0d7c4")


class KeptSealed:
    """Records of the vault, by name; whoever lacks its key can neither read nor forge.

    What a data directory has of before, as an installation that moves here does, is
    taken from there (`before`).
    """

    def __init__(self, vault: Callable[[], Vault], before: Kept) -> None:
        self._vault = vault
        self._before = before

    def load(self, name: str) -> bytes | None:
        try:
            return self._vault().get_bytes(_id_of(name), kind=KIND)
        except NotFoundError:
            found = self._before.load(name)
        return found if found is None else self._put_first(name, found)

    def has(self, name: str) -> bool:
        """Whether it is sealed here already, whatever is elsewhere of before."""
        try:
            self._vault().get_bytes(_id_of(name), kind=KIND)
        except NotFoundError:
            return False
        return True

    def save(self, name: str, content: bytes) -> None:
        self._vault().put(KIND, content, record_id=_id_of(name))

    def save_first(self, name: str, content: bytes) -> bytes:
        found = self.load(name)
        return self._put_first(name, content) if found is None else found

    def forget(self, name: str) -> None:
        self._vault().erase(_id_of(name))

    def _put_first(self, name: str, content: bytes) -> bytes:
        return self._vault().put_first(KIND, content, record_id=_id_of(name))


def _id_of(name: str) -> UUID:
    return uuid5(_NAMES, name)
