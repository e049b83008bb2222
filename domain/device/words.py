"""The words a device is told with."""

from datetime import datetime
from uuid import UUID

import msgspec


class Connection(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Credentials assigned to a device; one that is not enabled is never used."""

    connection_id: UUID
    credentials_id: UUID
    enabled: bool = True
    update_strategy: str = ""
    created: datetime | None = None
    modified: datetime | None = None


class LogIn(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the last log-in with some credentials; `reason` is why not."""

    is_working: bool
    reason: str = ""
    at: datetime


class Description(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What people say of a router.

    `addresses` are all that are dialled, in order; `management_ip`, where there is
    one, is the first of them. `last_ip` is only noted. `key_id` names a vault entry.
    """

    name: str
    organization_id: UUID
    mac_address: str
    addresses: tuple[str, ...] = ()
    management_ip: str | None = None
    last_ip: str | None = None
    model: str = ""
    os: str = ""
    system: str = ""
    notes: str = ""
    group_id: UUID | None = None
    location_id: UUID | None = None
    key_id: UUID | None = None


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
