"""Host keys from a file of known_hosts, by address; see sshd(8).

Names may be hashed there. Keys that were revoked, and those of authorities, say
nothing of one router.
"""

import base64
import binascii
import hmac
from pathlib import Path

from application.commands.known_hosts import read_host_key
from application.errors import InvalidError
from application.importing.sighting import text_of
from domain.device.words import PinnedKey

_PORT = 22
_HASHED = "|1|"
_HASHED_PARTS = 4
# Which key is pinned where there are several.
_ORDER = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa")


class KnownHosts:
    """What a file of known_hosts knows."""

    def __init__(self, path: Path | None = None) -> None:
        self._plain: dict[str, list[PinnedKey]] = {}
        self._hashed: list[tuple[bytes, bytes, PinnedKey]] = []
        if path is not None:
            self._read(path)

    def key_of(self, address: str, port: int = _PORT) -> PinnedKey | None:
        """Return the key that a host is known by; the best where it has several."""
        name = address if port == _PORT else f"[{address}]:{port}"
        found = list(self._plain.get(name.lower(), ()))
        for salt, digest, key in self._hashed:
            if hmac.compare_digest(hmac.digest(salt, name.encode(), "sha1"), digest):
                found.append(key)
        return min(found, key=_place) if found else None

    def _read(self, path: Path) -> None:
        for line in text_of(path).splitlines():
            words = line.split()
            if not words or words[0].startswith(("#", "@")):
                continue
            try:
                key = read_host_key(line)
            except InvalidError:
                continue
            self._add(words[0], key)

    def _add(self, names: str, key: PinnedKey) -> None:
        for name in names.split(","):
            if not name.startswith(_HASHED):
                self._plain.setdefault(name.lower(), []).append(key)
                continue
            parts = name.split("|")
            if len(parts) == _HASHED_PARTS:
                try:
                    salt, digest = map(base64.b64decode, parts[2:])
                except binascii.Error:
                    continue
                self._hashed.append((salt, digest, key))


def _place(key: PinnedKey) -> int:
    return _ORDER.index(key.type) if key.type in _ORDER else len(_ORDER)
