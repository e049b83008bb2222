"""What the log must be able to forget: secrets and personal data, encrypted.

Sealed records in a database, and the key in a file of its own. Each record is
sealed with AES-256-GCM for its own id and kind, so that one that was moved or swapped
does not open. Erasing a record is what erasing a person means.
"""

import hashlib
import hmac
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID, uuid4

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from application.adapters.vault_key import (
    VaultDamagedError,
    VaultKeyError,
    load_key,
    make_key,
)
from domain.errors import NotFoundError

CONFIGURATION_BACKUP = "configuration-backup"
# A role of `Flashlog.alone`: whoever keeps something that the log is to name shares it.
KEEPING = "keeping"

_NONCE_BYTES = 12
_BYTES, _MAPPING = b"b", b"m"
_SEAL_ID = UUID(int=0)
_SEAL_KIND = "seal"


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

    def delete(self, record_id: UUID) -> bool: ...

    def copy_to(self, path: Path) -> None: ...

    def close(self) -> None: ...


class Vault:
    """Sealed records of a store, opened with the key in `key_path`.

    The key is made at the first start. A vault whose key is missing or another's
    refuses to start with VaultKeyError. May be used by several threads and processes;
    the errors are drawn in `vault_key`.
    """

    def __init__(self, store: VaultStore, key_path: Path) -> None:
        self._file = store
        self._take_key(key_path)

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
        sealed = self._sealed(record_id, kind, _packed(value))
        self._file.replace(
            record_id, kind, sealed, is_archive=kind == CONFIGURATION_BACKUP
        )
        return record_id

    def put_first(self, kind: str, value: bytes, *, record_id: UUID) -> bytes:
        """Seal bytes unless there is a record of this id; returns what is there."""
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
        return hmac.new(self._marking_key, told, hashlib.sha256).hexdigest()

    def erase(self, record_id: UUID) -> bool:
        """Remove a record beyond recovery from this file; False if there was none."""
        return self._file.delete(record_id)

    def copy_to(self, path: Path) -> None:
        """Write a consistent copy, still sealed with the same key, while in use."""
        self._file.copy_to(path)

    def close(self) -> None:
        """Close the calling thread's connection; the others close with their thread."""
        self._file.close()

    def _take_key(self, key_path: Path) -> None:
        """Take the key that this vault was sealed with; a new vault gets one.

        The seal is written only after the key is there, so a vault with a seal and
        without a key has lost it.
        """
        has_seal = self._file.select(_SEAL_ID) is not None
        key = load_key(key_path) if has_seal else make_key(key_path)
        self._aead = AESGCM(key)
        self._marking_key = hmac.digest(key, b"marks", "sha256")
        if not has_seal:
            seal = self._sealed(_SEAL_ID, _SEAL_KIND, _BYTES)
            self._file.insert_first(_SEAL_ID, _SEAL_KIND, seal)
        try:
            self._content(_SEAL_ID, _SEAL_KIND)
        except VaultDamagedError:
            raise VaultKeyError(
                f"The key {key_path} does not fit the vault {self._file.name}: put the "
                "key file back that belongs to it (a backup has both)."
            ) from None

    def _content(self, record_id: UUID, kind: str | None) -> tuple[bytes, bytes]:
        row = self._file.select(record_id)
        if not row or kind not in {None, row[0]}:
            raise NotFoundError(f"There is no {kind or 'record'} {record_id}.")
        opened = self._opened(record_id, *row)
        return opened[:1], opened[1:]

    def _sealed(self, record_id: UUID, kind: str, content: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, content, _bound_to(record_id, kind))

    def _opened(self, record_id: UUID, kind: str, sealed: bytes) -> bytes:
        nonce, content = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return self._aead.decrypt(nonce, content, _bound_to(record_id, kind))
        except (InvalidTag, ValueError):
            raise VaultDamagedError(
                f"Record {record_id} of the vault {self._file.name} is damaged or was "
                "changed by somebody: restore the vault from a backup."
            ) from None


def _packed(value: bytes | Mapping[str, Any]) -> bytes:
    if isinstance(value, bytes):
        return _BYTES + value
    return _MAPPING + msgspec.msgpack.encode(dict(value))


def _bound_to(record_id: UUID, kind: str) -> bytes:
    return record_id.bytes + kind.encode()
