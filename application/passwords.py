"""Hashes of what people and programs show to prove who they are."""

import hashlib
import hmac
import secrets

# scrypt of RFC 7914 at the cost OWASP recommends: 2**17, 8, 1 is 128 MiB of memory;
# 2**14 with p=5 costs an attacker as much and a small server far less memory.
_SCRYPT = {"n": 2**14, "r": 8, "p": 5}


def hash_token(token: str) -> str:
    """Tokens are random and long: a plain hash keeps them."""
    return hashlib.sha256(token.encode()).hexdigest()


def hash_password(password: str) -> str:
    salt = secrets.token_bytes(16)
    digest = hashlib.scrypt(password.encode(), salt=salt, maxmem=1 << 26, **_SCRYPT)
    return f"{salt.hex()}${digest.hex()}"


def is_password(stored: str, password: str) -> bool:
    """Compare in constant time; a blank hash fits no password."""
    salt, _, digest = stored.partition("$")
    if not digest:
        return False
    found = hashlib.scrypt(
        password.encode(), salt=bytes.fromhex(salt), maxmem=1 << 26, **_SCRYPT
    )
    return hmac.compare_digest(found.hex(), digest)
