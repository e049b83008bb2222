"""The inventory: register devices."""

from uuid import UUID, uuid4

import msgspec

from application.commands.claims import Claims
from application.commands.connections import NOT_ITS_OWN, OPENWRT
from application.commands.credentials import NewCredentials, add_credentials
from application.commands.device_checks import (
    check_addresses,
    dialled,
    key_complaints,
    name_complaints,
)
from application.commands.device_claims import (
    TAKEN,
    claim_key,
    mac_key,
    name_key,
)
from application.commands.keeping import kept_if_recorded
from application.commands.located import group_of, location_of, owners_of
from application.commands.standing import up_to_now
from application.flashlog import Flashlog
from application.upgraders import upgrader_names
from domain.base import Aggregate
from domain.credentials import (
    Credentials,
    CredentialsChanged,
    CredentialsCreated,
    CredentialsDeleted,
)
from domain.device.device import Device
from domain.device.events import Registered
from domain.device.words import Connection, Jump, PinnedKey
from domain.errors import InvalidError
from domain.identity import normalise_mac
from domain.organization import DEFAULT_ORGANIZATION_ID

__all__ = [
    "TAKEN",
    "NewCredentials",
    "NewDevice",
    "add_credentials",
    "add_device",
    "check_new_device",
]

# What changes which log-ins every device gets.
_GIVEN_TO_ALL = (
    CredentialsCreated.TOPIC,
    CredentialsChanged.TOPIC,
    CredentialsDeleted.TOPIC,
)


class NewDevice(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a router when it is registered.

    `addresses` are dialled after `management_ip`; where there is none, the first of
    them is it, if it is an IP address.
    """

    name: str
    mac_address: str
    addresses: tuple[str, ...] = ()
    management_ip: str | None = None
    last_ip: str | None = None
    credentials_ids: tuple[UUID, ...] = ()
    jumps: tuple[Jump, ...] = ()
    model: str = ""
    os: str = ""
    system: str = ""
    notes: str = ""
    upgrader: str = ""
    agent_uuid: UUID | None = None
    organization_id: UUID = DEFAULT_ORGANIZATION_ID
    group_id: UUID | None = None
    location_id: UUID | None = None
    key: str = ""
    host_key: PinnedKey | None = None
    device_id: UUID | None = None


def add_device(flashlog: Flashlog, new: NewDevice, *, by: UUID | None = None) -> UUID:
    """Register a router. Raises InvalidError naming every wrong field."""
    mac_address = check_new_device(new)
    device_id = new.device_id or uuid4()

    def register(key_id: UUID | None) -> int:
        claims = _claims(flashlog, new, mac_address, device_id)
        claims.check_id(device_id)
        granted = claims.granted()
        needed = _needed(flashlog, new)
        as_given_to_all = up_to_now(flashlog, _GIVEN_TO_ALL)
        device = Device.register(
            device_id, _registered(flashlog, new, mac_address, key_id, by)
        )
        if new.host_key:
            device.pin_host_key(new.host_key, by=by)
        return flashlog.log.append(
            device, *granted, unchanged=needed, none_since=as_given_to_all
        )

    with kept_if_recorded(flashlog) as keep:
        key_id = keep("device-key", {"key": new.key}) if new.key else None
        position = flashlog.log.decide(lambda: register(key_id))
    flashlog.show(position)
    return device_id


def check_new_device(new: NewDevice) -> str:
    """Return the MAC address as it is kept. Raises InvalidError, each wrong field."""
    wrong: dict[str, list[str]] = {}
    if complaints := name_complaints(new.name):
        wrong["name"] = complaints
    if new.key and (complaints := key_complaints(new.key)):
        wrong["key"] = complaints
    try:
        mac_address = normalise_mac(new.mac_address)
    except InvalidError as error:
        wrong |= error.fields
        mac_address = ""
    try:
        check_addresses(new.addresses)
    except InvalidError as error:
        wrong |= error.fields
    if new.upgrader and new.upgrader not in upgrader_names():
        names = ", ".join(upgrader_names())
        wrong["upgrader"] = [f"Installed upgraders are: {names}."]
    if wrong:
        raise InvalidError(wrong)
    return mac_address


def _claims(
    flashlog: Flashlog, new: NewDevice, mac_address: str, device_id: UUID
) -> Claims:
    claims = Claims(flashlog)
    name = name_key(new.organization_id, new.name)
    mac = mac_key(new.organization_id, mac_address)
    claims.claim("name", name, device_id, taken=TAKEN)
    claims.claim("mac_address", mac, device_id, taken=TAKEN)
    if new.key:
        claim_key(flashlog, claims, new.key, device_id)
    return claims


def _needed(flashlog: Flashlog, new: NewDevice) -> list[Aggregate]:
    """Return what the device refers to, and what must not change meanwhile."""
    needed: list[Aggregate] = []
    jumps = (jump.credentials_id for jump in new.jumps)
    for credentials_id in dict.fromkeys((*new.credentials_ids, *jumps)):
        credentials = flashlog.log.find(Credentials, credentials_id)
        if credentials is None:
            raise InvalidError.of(
                "credentials", f"There are no credentials {credentials_id}."
            )
        if credentials.organization_id not in {None, new.organization_id}:
            raise InvalidError.of("credentials", NOT_ITS_OWN)
        needed.append(credentials)
    needed += owners_of(flashlog, new.organization_id)
    if new.group_id:
        needed.append(group_of(flashlog, new.group_id, new.organization_id))
    if new.location_id:
        needed.append(location_of(flashlog, new.location_id, new.organization_id))
    return needed


def _registered(
    flashlog: Flashlog,
    new: NewDevice,
    mac_address: str,
    key_id: UUID | None,
    by: UUID | None,
) -> Registered:
    management_ip, addresses = dialled(new.management_ip, new.addresses)
    return Registered(
        name=new.name,
        organization_id=new.organization_id,
        mac_address=mac_address,
        addresses=addresses,
        management_ip=management_ip,
        last_ip=new.last_ip,
        model=new.model,
        os=new.os,
        system=new.system,
        notes=new.notes,
        group_id=new.group_id,
        location_id=new.location_id,
        key_id=key_id,
        agent_uuid=new.agent_uuid,
        connections=_connections(flashlog, new),
        jumps=new.jumps,
        upgrader=new.upgrader,
        by=by,
    )


def _connections(flashlog: Flashlog, new: NewDevice) -> tuple[Connection, ...]:
    """Return the log-ins that were asked for, then those that every device gets."""
    every = flashlog.views.rows(
        "SELECT id FROM credentials WHERE auto_add = 1"
        " AND (organization_id = ? OR organization_id IS NULL) ORDER BY position",
        [str(new.organization_id)],
    )
    wanted = (*new.credentials_ids, *(UUID(row["id"]) for row in every))
    now = flashlog.clock.now()
    return tuple(
        Connection(
            connection_id=uuid4(),
            credentials_id=credentials_id,
            update_strategy=OPENWRT,
            created=now,
            modified=now,
        )
        for credentials_id in dict.fromkeys(wanted)
    )
