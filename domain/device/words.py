"""The words a device is told with."""

from uuid import UUID

import msgspec


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """Credentials assigned to a device."""

    connection_id: UUID
    credentials_id: UUID
    enabled: bool = True


class Jump(msgspec.Struct, frozen=True, kw_only=True):
    """A host on the way to the router, and how to log in there."""

    address: str
    credentials_id: UUID


class PinnedKey(msgspec.Struct, frozen=True, kw_only=True):
    """A host key that the router has shown."""

    type: str
    base64: str
    fingerprint: str


class Learned(msgspec.Struct, frozen=True, kw_only=True):
    """What the last visit found on the router."""

    board: str
    model: str
    release: str
    revision: str
