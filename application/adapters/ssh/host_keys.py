"""Host keys: what a server showed, and whether it is the one that was pinned."""

import base64
import hashlib
from typing import Any

import paramiko

from application.errors import HostKeyChangedError
from application.ports import HostKey


def host_key_of(key: Any) -> HostKey:
    """Describe a paramiko public key the way `ssh-keygen -l` does."""
    blob = key.asbytes()
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return HostKey(
        type=key.get_name(),
        base64=base64.b64encode(blob).decode(),
        fingerprint=f"SHA256:{digest}",
    )


class PinnedKeyPolicy(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]  # untyped
    """Decides on the key a server proved to have, before anybody logs in.

    Takes the place of Fabric's `AutoAddPolicy`, which accepts every key. No pin means
    trust on first use. Paramiko asks the policy because its own list is empty.
    """

    def __init__(self, address: str, pinned: HostKey | None) -> None:
        self._address = address
        self._pinned = pinned
        self.seen: HostKey | None = None

    def missing_host_key(self, client: Any, hostname: str, key: Any) -> None:
        """Raise HostKeyChangedError for any key but the pinned one."""
        self.seen = host_key_of(key)
        if self._pinned is not None and self.seen.base64 != self._pinned.base64:
            raise HostKeyChangedError(
                address=self._address,
                expected=f"{self._pinned.type} {self._pinned.fingerprint}",
                found=f"{self.seen.type} {self.seen.fingerprint}",
            )
