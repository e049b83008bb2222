"""The inventory: register, find, change devices."""

from ipaddress import ip_address
from typing import Any
from uuid import UUID, uuid4

import msgspec

from application.commands.keeping import kept_if_recorded
from application.flashlog import Flashlog
from application.upgraders import upgrader_names
from domain.credentials import Credentials, CredentialsCreated
from domain.device.device import Device
from domain.device.events import Registered
from domain.device.words import Connection, Jump, PinnedKey
from domain.errors import InvalidError, NotFoundError
from domain.identity import normalise_mac
from domain.organization import DEFAULT_ORGANIZATION_ID
from domain.reservation import KeyTakenError, Reservation

_NAME_LENGTH_MAX = 64
_HOST_NAME_LENGTH_MAX = 253
_HOST_LABEL_LENGTH_MAX = 63


class NewCredentials(msgspec.Struct, frozen=True, kw_only=True):
    """A log-in and its secret: a password (may be empty) or a private key in PEM."""

    username: str = "root"
    port: int = 22
    password: str | None = None
    private_key: str | None = None
    passphrase: str | None = None
    name: str = ""


class NewDevice(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a router when it is registered."""

    name: str
    mac_address: str
    addresses: tuple[str, ...]
    credentials_ids: tuple[UUID, ...] = ()
    jumps: tuple[Jump, ...] = ()
    model: str = ""
    upgrader: str = ""
    agent_uuid: UUID | None = None
    organization_id: UUID = DEFAULT_ORGANIZATION_ID
    host_key: PinnedKey | None = None
    device_id: UUID | None = None


def add_credentials(
    flashlog: Flashlog,
    new: NewCredentials,
    *,
    organization_id: UUID | None = DEFAULT_ORGANIZATION_ID,
    by: UUID | None = None,
) -> UUID:
    """Keep a log-in; the secret goes to the vault. Raises InvalidError."""
    if (new.password is None) == (new.private_key is None):
        raise InvalidError.of("params", "Give either a password or a private key.")
    credentials_id = uuid4()
    secret = {
        "password": new.password,
        "private_key": new.private_key,
        "passphrase": new.passphrase,
    }
    with kept_if_recorded(flashlog) as keep:
        created = CredentialsCreated(
            name=new.name or f"{new.username}-{str(credentials_id)[:8]}",
            organization_id=organization_id,
            username=new.username,
            port=new.port,
            secret_id=keep("secret", secret),
            by=by,
        )
        credentials = Credentials.create(credentials_id, created)
        position = flashlog.log.append(credentials)
    flashlog.show(position)
    return credentials_id


def add_device(flashlog: Flashlog, new: NewDevice, *, by: UUID | None = None) -> UUID:
    """Register a router. Raises InvalidError naming every wrong field."""
    mac_address = check_new_device(new)
    _check_credentials(flashlog, new)
    device_id = new.device_id or uuid4()
    scope = f"organization/{new.organization_id}/device"

    def register() -> int:
        claims = {
            "name": _claim(flashlog, f"{scope}/name", new.name, device_id),
            "mac_address": _claim(flashlog, f"{scope}/mac", mac_address, device_id),
        }
        wrong = {
            field: ["A device of this organization has it already."]
            for field, claim in claims.items()
            if claim is None
        }
        if flashlog.log.recorder.version_of(device_id):
            wrong["id"] = ["Something has this id already."]
        if wrong:
            raise InvalidError(wrong)
        device = Device.register(
            device_id,
            Registered(
                name=new.name,
                organization_id=new.organization_id,
                mac_address=mac_address,
                addresses=new.addresses,
                model=new.model,
                agent_uuid=new.agent_uuid,
                connections=tuple(
                    Connection(connection_id=uuid4(), credentials_id=credentials_id)
                    for credentials_id in new.credentials_ids
                ),
                jumps=new.jumps,
                upgrader=new.upgrader,
                by=by,
            ),
        )
        if new.host_key:
            device.pin_host_key(new.host_key, by=by)
        return flashlog.log.append(device, *filter(None, claims.values()))

    flashlog.show(flashlog.log.decide(register))
    return device_id


def find_device(flashlog: Flashlog, text: str) -> UUID:
    """Find a device by name, MAC address, address or id.

    Raises NotFoundError, also when several devices fit: then the message lists them.
    """
    candidates: list[dict[str, Any]] = flashlog.views.rows(
        "SELECT DISTINCT device.id, device.name FROM device,"
        " json_each(device.addresses) AS address"
        " WHERE address.value = ?1"
        " UNION SELECT id, name FROM device"
        " WHERE id = lower(?1) OR name = ?1 COLLATE NOCASE OR mac_address = ?2",
        [text, _mac_or_blank(text)],
    )
    if not candidates:
        msg = (
            f"no device has the name, MAC, address or id {text!r}: "
            "`flashlog device list` shows those there are"
        )
        raise NotFoundError(msg)
    if len(candidates) > 1:
        names = ", ".join(f"{row['name']} ({row['id']})" for row in candidates)
        msg = f"{text!r} fits several devices: {names}; use an id"
        raise NotFoundError(msg)
    return UUID(candidates[0]["id"])


def change_addresses(
    flashlog: Flashlog,
    *,
    device_id: UUID,
    addresses: tuple[str, ...],
    by: UUID | None = None,
) -> None:
    """Say where the router is now; a running operation uses it at its next look."""
    _check_addresses(addresses)

    def change() -> int:
        device = flashlog.log.get(Device, device_id)
        device.change_addresses(addresses, by=by)
        return flashlog.log.append(device)

    flashlog.show(flashlog.log.decide(change))


def release_host_key(
    flashlog: Flashlog, *, device_id: UUID, reason: str, by: UUID | None = None
) -> None:
    """Forget the pinned host key: the next one that is shown will be pinned."""

    def release() -> int:
        device = flashlog.log.get(Device, device_id)
        device.release_host_key(reason, by=by)
        return flashlog.log.append(device)

    flashlog.show(flashlog.log.decide(release))


def check_new_device(new: NewDevice) -> str:
    """Return the MAC address as it is kept. Raises InvalidError, each wrong field."""
    wrong: dict[str, list[str]] = {}
    length = len(new.name.strip())
    if not 0 < length <= _NAME_LENGTH_MAX or not new.name.isprintable():
        wrong["name"] = [f"Give a name of 1 to {_NAME_LENGTH_MAX} characters."]
    try:
        mac_address = normalise_mac(new.mac_address)
    except InvalidError as error:
        wrong |= error.fields
        mac_address = ""
    try:
        _check_addresses(new.addresses)
    except InvalidError as error:
        wrong |= error.fields
    if new.upgrader and new.upgrader not in upgrader_names():
        names = ", ".join(upgrader_names())
        wrong["upgrader"] = [f"Installed upgraders are: {names}."]
    if wrong:
        raise InvalidError(wrong)
    return mac_address


def _check_credentials(flashlog: Flashlog, new: NewDevice) -> None:
    jumps = (jump.credentials_id for jump in new.jumps)
    for credentials_id in (*new.credentials_ids, *jumps):
        if flashlog.log.find(Credentials, credentials_id) is None:
            raise InvalidError.of(
                "credentials", f"There are no credentials {credentials_id}."
            )


def _check_addresses(addresses: tuple[str, ...]) -> None:
    for address in addresses:
        host = address.rpartition("%")[0] or address
        try:
            ip_address(host)
        except ValueError:
            if not _is_host_name(host):
                raise InvalidError.of(
                    "address", f"{address!r} is neither an IP address nor a host name."
                ) from None


def _is_host_name(text: str) -> bool:
    """Whether a resolver can be asked for it; see RFC 1123, section 2.1."""
    labels = text.removesuffix(".").split(".")
    return len(text) <= _HOST_NAME_LENGTH_MAX and all(
        0 < len(label) <= _HOST_LABEL_LENGTH_MAX
        and label.replace("-", "").isalnum()
        and not label.startswith("-")
        for label in labels
    )


def _claim(
    flashlog: Flashlog, scope: str, key: str, owner_id: UUID
) -> Reservation | None:
    reservation = flashlog.log.get_or_new(Reservation, Reservation.id_of(scope, key))
    try:
        reservation.claim(scope, owner_id)
    except KeyTakenError:
        return None
    return reservation


def _mac_or_blank(text: str) -> str:
    try:
        return normalise_mac(text)
    except InvalidError:
        return ""
