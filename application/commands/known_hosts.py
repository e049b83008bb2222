"""Read a host key as people have it: a line of known_hosts, or of ssh-keyscan."""

import base64
import binascii
import hashlib

from domain.device.words import PinnedKey
from domain.errors import InvalidError

_LENGTH_BYTES = 4


def read_host_key(line: str) -> PinnedKey:
    """Read `[hosts] type base64 [comment]`. Raises InvalidError on `host_key`."""
    words = line.split()
    if words and words[0].startswith(("@", "#")):
        raise _wrong(f"a line that begins with {words[0]} does not hold a plain key")
    for place, word in enumerate(words[:-1]):
        if word.startswith(("ssh-", "ecdsa-", "sk-", "rsa-sha2-")):
            return _pinned(word, words[place + 1])
    raise _wrong("no key type such as ssh-ed25519 stands in it")


def _pinned(key_type: str, text: str) -> PinnedKey:
    try:
        blob = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise _wrong("what follows the key type is not base64") from None
    length = int.from_bytes(blob[:_LENGTH_BYTES])
    inner = blob[_LENGTH_BYTES : _LENGTH_BYTES + length]
    if inner != key_type.encode():
        raise _wrong(f"the key says that it is {inner[:40]!r}, not {key_type}")
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return PinnedKey(type=key_type, base64=text, fingerprint=f"SHA256:{digest}")


def _wrong(reason: str) -> InvalidError:
    return InvalidError.of(
        "host_key",
        f"This is no host key: {reason}. Give one line of known_hosts, for example "
        "what `ssh-keyscan ADDRESS` prints.",
    )
