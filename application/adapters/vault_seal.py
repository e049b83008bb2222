"""Seals of the vault: AES-256-GCM, bound to the record that they are for."""

import secrets
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


def sealed_with(aead: AESGCM, record_id: UUID, kind: str, content: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + aead.encrypt(nonce, content, _bound_to(record_id, kind))


def opened_with(
    aead: AESGCM, record_id: UUID, kind: str, sealed: bytes
) -> bytes | None:
    """Return what was sealed; None for another key, another record, or damage."""
    nonce, content = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        return aead.decrypt(nonce, content, _bound_to(record_id, kind))
    except (InvalidTag, ValueError):
        return None


def _bound_to(record_id: UUID, kind: str) -> bytes:
    return record_id.bytes + kind.encode()
