"""Private keys as paramiko wants them, read once.

Reading an RSA key checks its numbers, which costs 94 ms of CPU; a fleet is usually
entered with one key.
"""

import hashlib
import io
import threading
from collections import OrderedDict
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

_KEYS_KEPT_MAX = 256


class PrivateKeyError(Exception):
    """A private key cannot be used; the message says why and holds nothing secret."""


class PrivateKeys:
    """Reads private keys in any of the usual forms and keeps the latest ones."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[bytes, Any] = OrderedDict()

    def read(self, text: str, passphrase: str | None) -> Any:
        """Return a `paramiko.PKey`; raises PrivateKeyError."""
        digest = hashlib.sha256(f"{text}\0{passphrase}".encode()).digest()
        with self._lock:
            if digest in self._kept:
                self._kept.move_to_end(digest)
                return self._kept[digest]
        key = _read(text, passphrase)
        with self._lock:
            self._kept[digest] = key
            if len(self._kept) > _KEYS_KEPT_MAX:
                self._kept.popitem(last=False)
        return key


def _read(text: str, passphrase: str | None) -> Any:
    encoded = text.strip().encode() + b"\n"
    password = passphrase.encode() if passphrase else None
    load = (
        serialization.load_ssh_private_key
        if b"BEGIN OPENSSH PRIVATE KEY" in encoded
        else serialization.load_pem_private_key
    )
    try:
        key = load(encoded, password)
    except TypeError:
        reason = "needs a passphrase" if password is None else "has no passphrase"
        raise PrivateKeyError(f"the private key {reason}") from None
    except (ValueError, UnsupportedAlgorithm):
        reason = " or the passphrase is wrong" if password else ""
        raise PrivateKeyError(f"the private key cannot be read{reason}") from None
    # Here, since web answers without ever going to a router.
    import paramiko  # noqa: PLC0415

    if isinstance(key, rsa.RSAPrivateKey):
        return paramiko.RSAKey(key=key)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return paramiko.ECDSAKey(vals=(key, key.public_key()))
    if isinstance(key, ed25519.Ed25519PrivateKey):
        plain = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.OpenSSH,
            serialization.NoEncryption(),
        )
        return paramiko.Ed25519Key(file_obj=io.StringIO(plain.decode()))
    raise PrivateKeyError("the private key is neither RSA, ECDSA nor Ed25519")
