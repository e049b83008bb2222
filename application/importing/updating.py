"""What a source says otherwise of a router that is there, and making it so.

What the source is silent on stays as it is. Log-ins are added, never taken away; a
device may be deactivated, never activated; a host key or a UUID is kept where none is
known, never replaced.
"""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from application.commands.connections import ConnectionFacts, add_connection
from application.commands.device_changes import change_device
from application.commands.device_checks import check_addresses, dialled
from application.commands.device_lifecycle import deactivate_device
from application.commands.reaching import (
    change_addresses,
    change_jumps,
    expect_agent,
    pin_host_key,
)
from application.errors import InvalidError
from application.flashlog import Flashlog
from application.importing.references import References, Way
from application.importing.sighting import Sighting
from application.projections.views import Row
from domain.device.words import Jump, PinnedKey
from domain.identity import normalise_mac

_TEXTS = ("name", "model", "os", "system", "notes", "last_ip")


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be changed; None, or nothing, where all is as the source says.

    In a dry run a group, a location or a log-in that is not made yet is None.
    """

    description: dict[str, Any]
    addresses: tuple[str, ...] | None
    log_ins: Sequence[UUID | None]
    jumps: Sequence[Way] | None
    host_key: PinnedKey | None
    agent_uuid: UUID | None
    is_to_rest: bool

    @property
    def said(self) -> tuple[str, ...]:
        """Name what is changed."""
        others = {
            "addresses": self.addresses is not None,
            "log-ins": bool(self.log_ins),
            "jump hosts": self.jumps is not None,
            "host key": self.host_key is not None,
            "uuid": self.agent_uuid is not None,
            "deactivated": self.is_to_rest,
        }
        return (
            *(name.removesuffix("_id") for name in self.description),
            *(name for name, is_changed in others.items() if is_changed),
        )


def difference(
    references: References, sighting: Sighting, organization_id: UUID, row: Row
) -> Difference:
    """Compare a sighting with the device that is there. Raises InvalidError."""
    is_active = bool(row["is_active"])
    check_addresses(sighting.addresses)
    _, addresses = dialled(None, sighting.addresses)
    is_moved = bool(addresses) and list(addresses) != json.loads(row["addresses"])
    ways = references.ways(sighting, organization_id)
    return Difference(
        description=_description(references, sighting, organization_id, row),
        # A device that was deactivated shows no address, but keeps what is dialled.
        addresses=addresses if is_moved and is_active else None,
        log_ins=references.missing_credentials(sighting, organization_id, row),
        jumps=None if ways == _ways_of(row) else ways,
        host_key=None if row["host_key"] else references.host_key(sighting),
        agent_uuid=_agent_uuid(sighting, row),
        is_to_rest=is_active and not sighting.is_active,
    )


def bring_up_to_date(
    flashlog: Flashlog,
    device_id: UUID,
    found: Difference,
    *,
    by: UUID | None = None,
) -> None:
    """Make it so. Raises InvalidError, RefusedError."""
    if found.agent_uuid:
        expect_agent(flashlog, device_id, found.agent_uuid, by=by)
    if found.description:
        change_device(flashlog, device_id, found.description, by=by)
    if found.addresses is not None:
        change_addresses(
            flashlog, device_id=device_id, addresses=found.addresses, by=by
        )
    for credentials_id in filter(None, found.log_ins):
        facts = ConnectionFacts(credentials_id=credentials_id)
        add_connection(flashlog, device_id, facts, by=by)
    if found.jumps is not None:
        jumps = tuple(
            Jump(address=address, credentials_id=credentials_id)
            for address, credentials_id in found.jumps
            if credentials_id
        )
        change_jumps(flashlog, device_id, jumps, by=by)
    if found.host_key:
        pin_host_key(flashlog, device_id, found.host_key, by=by)
    if found.is_to_rest:
        deactivate_device(flashlog, device_id, by=by)


def _description(
    references: References, sighting: Sighting, organization_id: UUID, row: Row
) -> dict[str, Any]:
    said = {name: getattr(sighting, name) for name in _TEXTS}
    # A router that is known by its id may have got another MAC address.
    said["mac_address"] = normalise_mac(sighting.mac_address)
    changes = {
        name: value for name, value in said.items() if value and value != row[name]
    }
    if sighting.group or sighting.group_id:
        group_id = references.group(sighting, organization_id)
        if group_id is None or str(group_id) != row["group_id"]:
            changes["group_id"] = group_id
    if sighting.location or sighting.location_id:
        location_id = references.location(sighting, organization_id)
        if location_id is None or str(location_id) != row["location_id"]:
            changes["location_id"] = location_id
    return changes


def _ways_of(row: Row) -> list[Way]:
    return [
        (jump["address"], UUID(jump["credentials_id"]))
        for jump in json.loads(row["jumps"])
    ]


def _agent_uuid(sighting: Sighting, row: Row) -> UUID | None:
    """Return the UUID to be known by, where none is known. Raises InvalidError."""
    told = sighting.agent_uuid or sighting.device_id
    if told is None or str(told) in {row["id"], row["agent_uuid"]}:
        return None
    if row["agent_uuid"]:
        raise InvalidError.of(
            "uuid",
            f"The router is known by {row['agent_uuid']} here, and by {told} there: if "
            "it was replaced, deactivate and delete the device first.",
        )
    return told
