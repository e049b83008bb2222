"""What the log must be able to forget: secrets and personal data, encrypted.

Sealed records in a database, and the key in a file of its own. Each record is
sealed with AES-256-GCM for its own id and kind, so that one that was moved or swapped
does not open. Erasing a record is what erasing a person means.
"""

import hashlib
import hmac
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar
from uuid import UUID, uuid4

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from application.adapters.vault_key import (
    Reseal,
    VaultDamagedError,
    fitting_key,
    make_key,
    next_of,
)
from application.adapters.vault_seal import opened_with, sealed_with
from domain.errors import NotFoundError

CONFIGURATION_BACKUP = "configuration-backup"
# A role of `Flashlog.alone`: whoever keeps something that the log is to name shares it.
KEEPING = "keeping"

_BYTES, _MAPPING = b"b", b"m"
_SEAL_ID, _MARKS_ID = UUID(int=0), UUID(int=1)
_SEAL_KIND, _MARKS_KIND = "seal", "marks"

# Whoever finds the key changed again this often does not find it by chance.
_LOOKS_MAX = 10

T = TypeVar("T")


class VaultStore(Protocol):
    """Where sealed records are; its errors are drawn in `vault_key`."""

    @property
    def name(self) -> str: ...

    def select(self, record_id: UUID) -> tuple[str, bytes] | None: ...

    def select_some(
        self, record_ids: Sequence[UUID]
    ) -> Iterator[tuple[UUID, str, bytes]]: ...

    def ids(self, kinds: Collection[str]) -> set[UUID]: ...

    def replace(
        self, record_id: UUID, kind: str, sealed: bytes, *, is_archive: bool
    ) -> None: ...

    def insert_first(self, record_id: UUID, kind: str, sealed: bytes) -> None: ...

    def reseal(self, change: Reseal) -> int: ...

    def delete(self, record_id: UUID) -> bool: ...

    def copy_to(self, path: Path) -> None: ...

    def close(self) -> None: ...


class _Key(msgspec.Struct, frozen=True):
    """What seals and opens, the seal by which it is known, and what marks are of."""

    aead: AESGCM
    seal: bytes
    marking: bytes


class Vault:
    """Sealed records of a store, opened with the key in `key_path`.

    The key is made at the first start. A vault whose key is missing or another's
    refuses to start with VaultKeyError. May be used by several threads and processes;
    the errors are drawn in `vault_key`.
    """

    def __init__(self, store: VaultStore, key_path: Path) -> None:
        self._file = store
        self._key_path = key_path
        self._take_key()

    def put(
        self,
        kind: str,
        value: bytes | Mapping[str, Any],
        *,
        record_id: UUID | None = None,
    ) -> UUID:
        """Seal bytes, or a mapping of plain values, and return the record's id.

        With a `record_id` a record of this id is replaced, so a put can be repeated.
        It is on the disk when this returns. Raises VaultBusyError.
        """
        record_id = record_id or uuid4()
        self._keep_up_with_key()
        sealed = self._sealed(record_id, kind, _packed(value))
        self._file.replace(
            record_id, kind, sealed, is_archive=kind == CONFIGURATION_BACKUP
        )
        return record_id

    def put_first(self, kind: str, value: bytes, *, record_id: UUID) -> bytes:
        """Seal bytes unless there is a record of this id; returns what is there."""
        self._keep_up_with_key()
        sealed = self._sealed(record_id, kind, _packed(value))
        self._file.insert_first(record_id, kind, sealed)
        return self.get_bytes(record_id, kind=kind)

    def get(self, record_id: UUID, *, kind: str | None = None) -> dict[str, Any]:
        """Return a mapping. Raises NotFoundError, also for another kind."""
        marker, content = self._content(record_id, kind)
        if marker != _MAPPING:
            raise TypeError(f"record {record_id} holds bytes: ask with get_bytes")
        return msgspec.msgpack.decode(content, type=dict[str, Any])

    def get_some(
        self, record_ids: Sequence[UUID], *, kind: str
    ) -> dict[UUID, dict[str, Any]]:
        """Return the mappings of this kind that there are."""
        return self._read(lambda: self._some(record_ids, kind))

    def _some(
        self, record_ids: Sequence[UUID], kind: str
    ) -> dict[UUID, dict[str, Any]]:
        found: dict[UUID, dict[str, Any]] = {}
        for record_id, of_kind, sealed in self._file.select_some(record_ids):
            if of_kind == kind:
                content = self._opened(record_id, of_kind, sealed)[1:]
                found[record_id] = msgspec.msgpack.decode(content, type=dict[str, Any])
        return found

    def ids(self, kinds: Collection[str]) -> set[UUID]:
        """Return the ids of all records of these kinds."""
        return self._file.ids(kinds)

    def get_bytes(self, record_id: UUID, *, kind: str | None = None) -> bytes:
        """Return bytes. Raises NotFoundError, also for another kind."""
        marker, content = self._content(record_id, kind)
        if marker != _BYTES:
            raise TypeError(f"record {record_id} holds a mapping: ask with get")
        return content

    def mark(self, purpose: str, text: str) -> str:
        """Return 64 hexadecimal digits, always the same for a text.

        Only who has this vault's key can make them or tell what they are of.
        """
        told = f"{purpose}\0{text}".encode()
        return hmac.new(self._key.marking, told, hashlib.sha256).hexdigest()

    def erase(self, record_id: UUID) -> bool:
        """Remove a record beyond recovery from this file; False if there was none."""
        return self._file.delete(record_id)

    def copy_to(self, path: Path) -> None:
        """Write a consistent copy, still sealed with the same key, while in use."""
        self._file.copy_to(path)

    def close(self) -> None:
        """Close the calling thread's connection; the others close with their thread."""
        self._file.close()

    def change_key(self) -> int:
        """Seal every record with a new key; returns how many there are.

        Whoever is killed here leaves all of them readable: they change in one
        transaction, and until the new key is in the place of the old one both are
        there. Nobody may put anything meanwhile (KEEPING). What was copied before
        needs the old key. Raises VaultError; then nothing has changed.
        """
        self._keep_up_with_key()
        # Left by somebody who was killed before it was used.
        next_of(self._key_path).unlink(missing_ok=True)
        new = AESGCM(make_key(next_of(self._key_path)))
        # Marks are in the log for good: they stay what they are.
        marks = self._sealed(_MARKS_ID, _MARKS_KIND, self._key.marking)
        self._file.insert_first(_MARKS_ID, _MARKS_KIND, marks)
        count = self._file.reseal(
            lambda record_id, kind, sealed: sealed_with(
                new, record_id, kind, self._opened(record_id, kind, sealed)
            )
        )
        self._take_key()
        return count - 2

    def _take_key(self) -> None:
        """Take the key that this vault was sealed with; a new vault gets one.

        The seal is written only after the key is there, so a vault with a seal and
        without a key has lost it.
        """
        if self._file.select(_SEAL_ID) is None:
            new = AESGCM(make_key(self._key_path))
            seal = sealed_with(new, _SEAL_ID, _SEAL_KIND, _BYTES)
            self._file.insert_first(_SEAL_ID, _SEAL_KIND, seal)
        for _ in range(_LOOKS_MAX):
            key, seal = fitting_key(self._key_path, self._seal_now, _fits)
            marking = hmac.digest(key, b"marks", "sha256")
            if marks := self._file.select(_MARKS_ID):
                found = opened_with(AESGCM(key), _MARKS_ID, *marks)
                if found is None:  # changed again, between our two looks
                    continue
                marking = found
            self._key = _Key(AESGCM(key), seal, marking)
            return
        raise self._damage(_MARKS_ID)

    def _seal_now(self) -> bytes:
        row = self._file.select(_SEAL_ID)
        if row is None:
            msg = f"The vault {self._file.name} has lost its seal: restore it."
            raise VaultDamagedError(msg)
        return row[1]

    def _keep_up_with_key(self) -> None:
        """Take the key anew where another process has changed it."""
        if self._seal_now() != self._key.seal:
            self._take_key()

    def _read(self, read: Callable[[], T]) -> T:
        """Read, and once more where the key was changed meanwhile."""
        for _ in range(_LOOKS_MAX):
            key = self._key
            try:
                return read()
            except VaultDamagedError:
                self._keep_up_with_key()
                if self._key is key:
                    raise
        return read()

    def _content(self, record_id: UUID, kind: str | None) -> tuple[bytes, bytes]:
        def read() -> bytes:
            row = self._file.select(record_id)
            if not row or kind not in {None, row[0]}:
                raise NotFoundError(f"There is no {kind or 'record'} {record_id}.")
            return self._opened(record_id, *row)

        opened = self._read(read)
        return opened[:1], opened[1:]

    def _sealed(self, record_id: UUID, kind: str, content: bytes) -> bytes:
        return sealed_with(self._key.aead, record_id, kind, content)

    def _opened(self, record_id: UUID, kind: str, sealed: bytes) -> bytes:
        content = opened_with(self._key.aead, record_id, kind, sealed)
        if content is None:
            raise self._damage(record_id)
        return content

    def _damage(self, record_id: UUID) -> VaultDamagedError:
        return VaultDamagedError(
            f"Record {record_id} of the vault {self._file.name} is damaged or was "
            "changed by somebody: restore the vault from a backup."
        )


def _fits(key: bytes, seal: bytes) -> bool:
    return opened_with(AESGCM(key), _SEAL_ID, _SEAL_KIND, seal) is not None


def _packed(value: bytes | Mapping[str, Any]) -> bytes:
    if isinstance(value, bytes):
        return _BYTES + value
    return _MAPPING + msgspec.msgpack.encode(dict(value))
