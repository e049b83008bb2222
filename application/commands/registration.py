"""Register a router together with the ways to log in, as a person gives them."""

from uuid import UUID

import msgspec

from application.adapters.ssh.private_keys import PrivateKeyError, PrivateKeys
from application.commands.device_claims import TAKEN
from application.commands.devices import (
    NewCredentials,
    NewDevice,
    add_credentials,
    add_device,
    check_new_device,
)
from application.flashlog import Flashlog
from application.queries.folding import folded
from domain.device.device import Device
from domain.device.words import Jump
from domain.errors import InvalidError


class JumpLogin(msgspec.Struct, frozen=True, kw_only=True):
    """A host on the way to the router, and how to log in there."""

    address: str
    login: NewCredentials


class Logins(msgspec.Struct, frozen=True, kw_only=True):
    """How to log in: a new log-in, or the same ones as another device has."""

    new: NewCredentials | None = None
    same_as: UUID | None = None
    jumps: tuple[JumpLogin, ...] = ()


def register(
    flashlog: Flashlog, new: NewDevice, logins: Logins, *, by: UUID | None = None
) -> UUID:
    """Register a router; nothing is kept unless all of it makes sense.

    Raises InvalidError naming every wrong field, NotFoundError.
    """
    mac_address = check_new_device(new)
    _check_free(flashlog, new, mac_address)
    for login in filter(None, (logins.new, *(jump.login for jump in logins.jumps))):
        _check_key(login)
    complete = msgspec.structs.replace(
        new,
        credentials_ids=_credentials(flashlog, new, logins, by),
        jumps=tuple(
            Jump(
                address=jump.address,
                credentials_id=_kept(flashlog, new, jump.login, by),
            )
            for jump in logins.jumps
        )
        or _jumps_of(flashlog, logins.same_as),
    )
    return add_device(flashlog, complete, by=by)


def _credentials(
    flashlog: Flashlog, new: NewDevice, logins: Logins, by: UUID | None
) -> tuple[UUID, ...]:
    if logins.same_as is not None:
        device = flashlog.log.get(Device, logins.same_as)
        return tuple(each.credentials_id for each in device.enabled_connections)
    if logins.new is None:
        return ()
    named = msgspec.structs.replace(logins.new, name=logins.new.name or new.name)
    return (_kept(flashlog, new, named, by),)


def _kept(
    flashlog: Flashlog, new: NewDevice, login: NewCredentials, by: UUID | None
) -> UUID:
    owner_id = new.organization_id
    return add_credentials(flashlog, login, organization_id=owner_id, by=by)


def _jumps_of(flashlog: Flashlog, device_id: UUID | None) -> tuple[Jump, ...]:
    return flashlog.log.get(Device, device_id).jumps if device_id else ()


def _check_free(flashlog: Flashlog, new: NewDevice, mac_address: str) -> None:
    """Notice a duplicate before a secret is kept; the reservation is what decides."""
    rows = flashlog.views.rows(
        "SELECT lower(name) = ?1 AS by_name, mac_address = ?2 AS by_mac"
        " FROM device WHERE organization_id = ?3"
        " AND (lower(name) = ?1 OR mac_address = ?2)",
        [folded(new.name), mac_address, str(new.organization_id)],
    )
    wrong = {}
    if any(row["by_name"] for row in rows):
        wrong["name"] = [TAKEN]
    if any(row["by_mac"] for row in rows):
        wrong["mac_address"] = [TAKEN]
    if wrong:
        raise InvalidError(wrong)


def _check_key(login: NewCredentials) -> None:
    if login.private_key is None:
        return
    try:
        PrivateKeys().read(login.private_key, login.passphrase)
    except PrivateKeyError as error:
        raise InvalidError.of("key", f"{error}.") from None
