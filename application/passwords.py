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
    return f"{salt.hex()}${_digest(password, salt)}"


def is_password(stored: str, password: str) -> bool:
    """Compare at the same cost whatever is stored; a blank hash fits no password."""
    salt, _, digest = stored.partition("$")
    found = _digest(password, bytes.fromhex(salt))
    return bool(digest) and hmac.compare_digest(found, digest)


def _digest(password: str, salt: bytes) -> str:
    # JSON may hold halves of characters, which are no UTF-8.
    secret = password.encode(errors="surrogatepass")
    return hashlib.scrypt(secret, salt=salt, maxmem=1 << 26, **_SCRYPT).hex()
