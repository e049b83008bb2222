"""What OpenWISP tells of each thing, as far as it is brought.

Facts: the serializers of openwisp-controller and openwisp-users 1.1 to 1.3. Further
fields are ignored.
"""

from typing import Any
from uuid import UUID

import msgspec


class ToldOrganization(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    name: str
    slug: str
    is_active: bool = True
    description: str = ""
    email: str = ""
    url: str = ""


class ToldGroup(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    name: str
    organization: UUID
    description: str = ""
    context: dict[str, Any] | None = None
    meta_data: dict[str, Any] | None = None


class ToldLocation(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    name: str
    organization: UUID
    type: str
    is_mobile: bool = False
    address: str = ""
    geometry: dict[str, Any] | None = None


class ToldCredentials(msgspec.Struct, frozen=True, kw_only=True):
    """`organization` None: of all organizations."""

    id: UUID
    name: str
    connector: str
    organization: UUID | None = None
    auto_add: bool = False
    params: dict[str, Any] = {}


class ToldDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device; lists do not say whether it is deactivated."""

    id: UUID
    name: str
    organization: UUID
    mac_address: str
    group: UUID | None = None
    key: str | None = None
    last_ip: str | None = None
    management_ip: str | None = None
    is_deactivated: bool = False
    model: str = ""
    os: str = ""
    system: str = ""
    notes: str = ""


class ToldConnection(msgspec.Struct, frozen=True, kw_only=True):
    credentials: UUID
    enabled: bool = True


class Feature(msgspec.Struct, frozen=True, kw_only=True):
    """A location as GeoJSON has it; what is said of it stands in `properties`."""

    id: UUID


class ToldPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where a device is."""

    location: Feature | None = None
