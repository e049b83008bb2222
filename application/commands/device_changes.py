"""Change what is said of a device."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from application.commands.claims import Claims
from application.commands.device_checks import key_complaints, name_complaints
from application.commands.device_claims import (
    TAKEN,
    claim_key,
    mac_key,
    name_key,
    secret_key,
)
from application.commands.keeping import kept_if_recorded
from application.commands.located import group_of, location_of, owners_of
from application.commands.occupancy import require_unoccupied
from application.flashlog import Flashlog
from domain.base import Aggregate
from domain.catalogue import Build, Category, FirmwareImage
from domain.credentials import Credentials
from domain.device.device import Device
from domain.device.words import Description
from domain.errors import InvalidError
from domain.identity import normalise_mac


def change_device(
    flashlog: Flashlog,
    device_id: UUID,
    changes: Mapping[str, Any],
    *,
    by: UUID | None = None,
) -> None:
    """Change what is said of a device: what `changes` names, as in `Description`.

    A new `key` is given as text. Raises InvalidError, NotFoundError.
    """
    wanted = dict(changes)
    key = wanted.pop("key", None)
    _check(wanted, key)

    def change(key_id: UUID | None) -> tuple[int, UUID | None]:
        device = flashlog.log.get(Device, device_id)
        before = device.description
        after = _changed(device, wanted | ({"key_id": key_id} if key_id else {}))
        claims = _claims(flashlog, device, after, key)
        granted = claims.granted()
        needed: list[Aggregate] = []
        if after.organization_id != before.organization_id:
            needed += _taken_along(flashlog, device, after.organization_id)
            if "location_id" not in wanted:
                after = msgspec.structs.replace(after, location_id=None)
        needed += _needed(flashlog, after)
        device.change(after, by=by)
        return flashlog.log.append(device, *granted, unchanged=needed), before.key_id

    with kept_if_recorded(flashlog) as keep:
        key_id = keep("device-key", {"key": key}) if key else None
        position, replaced = flashlog.log.decide(lambda: change(key_id))
    if key_id and replaced:
        flashlog.vault.erase(replaced)
    flashlog.show(position)


def _check(wanted: dict[str, Any], key: str | None) -> None:
    """Refuse what cannot be said of any router; normalise the MAC address."""
    wrong: dict[str, list[str]] = {}
    if "name" in wanted and (complaints := name_complaints(wanted["name"])):
        wrong["name"] = complaints
    if key and (complaints := key_complaints(key)):
        wrong["key"] = complaints
    if "mac_address" in wanted:
        try:
            wanted["mac_address"] = normalise_mac(wanted["mac_address"])
        except InvalidError as error:
            wrong |= error.fields
    if wrong:
        raise InvalidError(wrong)


def _changed(device: Device, wanted: Mapping[str, Any]) -> Description:
    after = msgspec.structs.replace(device.description, **wanted)
    if "management_ip" not in wanted:
        return after
    first = (after.management_ip,) if after.management_ip else ()
    addresses = tuple(dict.fromkeys((*first, *device.further_addresses)))
    return msgspec.structs.replace(after, addresses=addresses)


def _claims(
    flashlog: Flashlog, device: Device, after: Description, key: str | None
) -> Claims:
    claims = Claims(flashlog)
    old, new = device.organization_id, after.organization_id
    claims.move(
        "name",
        name_key(old, device.name),
        name_key(new, after.name),
        device.id,
        taken=TAKEN,
    )
    claims.move(
        "mac_address",
        mac_key(old, device.mac_address),
        mac_key(new, after.mac_address),
        device.id,
        taken=TAKEN,
    )
    if key:
        if device.key_id:
            known = flashlog.vault.get(device.key_id)["key"]
            claims.release(secret_key(flashlog, known), device.id)
        claim_key(flashlog, claims, key, device.id)
    return claims


def _taken_along(
    flashlog: Flashlog, device: Device, organization_id: UUID
) -> list[Aggregate]:
    """Return what a device uses in its next organization, too.

    Raises InvalidError where it may not, OccupiedError.
    """
    wrong = []
    require_unoccupied(flashlog, device)
    credentials = _log_ins(flashlog, device)
    may_use = {None, organization_id}
    if not all(each.organization_id in may_use for each in credentials):
        wrong.append("Its connections use credentials of its organization.")
    firmware = _firmware(flashlog, device)
    categories = [each for each in firmware if isinstance(each, Category)]
    if not all(each.organization_id in may_use for each in categories):
        wrong.append("Its firmware belongs to its organization: remove that first.")
    if wrong:
        raise InvalidError({"organization": wrong})
    return [*credentials, *firmware]


def _log_ins(flashlog: Flashlog, device: Device) -> list[Credentials]:
    """Return the credentials of a device and of the hosts on the way to it."""
    used = [each.credentials_id for each in device.connections]
    through = [each.credentials_id for each in device.jumps]
    found = (flashlog.log.find(Credentials, each) for each in (*used, *through))
    return [each for each in found if each is not None]


def _firmware(flashlog: Flashlog, device: Device) -> list[Aggregate]:
    """Return the image that a device has, its build and its category, if any."""
    image = device.image_id and flashlog.log.find(FirmwareImage, device.image_id)
    build = image and flashlog.log.find(Build, image.build_id)
    category = build and flashlog.log.find(Category, build.category_id)
    return [each for each in (image, build, category) if each]


def _needed(flashlog: Flashlog, after: Description) -> list[Aggregate]:
    """Return what the device refers to, which must not be deleted meanwhile."""
    needed: list[Aggregate] = [*owners_of(flashlog, after.organization_id)]
    if after.group_id:
        needed.append(group_of(flashlog, after.group_id, after.organization_id))
    if after.location_id:
        needed.append(location_of(flashlog, after.location_id, after.organization_id))
    return needed
