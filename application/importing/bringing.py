"""Bring routers into the inventory, one after the other; again does no harm."""

import json
from typing import Any
from uuid import UUID

import msgspec

from application.commands.connections import ConnectionFacts, add_connection
from application.commands.device_changes import change_device
from application.commands.device_checks import dialled
from application.commands.device_lifecycle import deactivate_device
from application.commands.devices import (
    TAKEN,
    NewCredentials,
    NewDevice,
    add_device,
    check_new_device,
)
from application.commands.reaching import (
    change_addresses,
    pin_host_key,
    pin_jump_host_key,
)
from application.commands.registration import JumpLogin
from application.errors import DomainError, InvalidError
from application.flashlog import Flashlog
from application.importing.belongings import Belongings
from application.importing.known_hosts import KnownHosts
from application.importing.sighting import Outcome, Sighting
from application.projections.views import Row
from domain.device.words import Jump, PinnedKey
from domain.identity import normalise_mac
from domain.organization import DEFAULT_ORGANIZATION_ID

_TEXTS = ("name", "model", "os", "system", "notes", "last_ip")


class Defaults(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for routers of which the source does not say it."""

    log_in: NewCredentials | None = None
    jumps: tuple[JumpLogin, ...] = ()
    organization_id: UUID | None = None


class Bringing:
    """Takes sightings in; in a dry run only says what would come of them."""

    def __init__(
        self,
        flashlog: Flashlog,
        *,
        defaults: Defaults,
        known_hosts: KnownHosts,
        is_dry_run: bool,
        by: UUID | None = None,
    ) -> None:
        self._flashlog = flashlog
        self._defaults = defaults
        self._known_hosts = known_hosts
        self._is_dry_run = is_dry_run
        self._by = by
        self._belongings = Belongings(flashlog, is_dry_run=is_dry_run, by=by)
        self._seen: dict[tuple[str, UUID, str], str] = {}

    def bring(self, sighting: Sighting) -> Outcome:
        """Take one in. What is wrong with it is said, never raised."""
        if sighting.problems:
            return _outcome(sighting, "wrong", *sighting.problems)
        try:
            return self._bring(sighting)
        except InvalidError as error:
            sentences = [
                f"{field}: {' '.join(map(str, said))}"
                for field, said in error.fields.items()
            ]
            return _outcome(sighting, "wrong", *sentences)
        except DomainError as error:
            return _outcome(sighting, "wrong", str(error))

    def _bring(self, sighting: Sighting) -> Outcome:
        mac_address = normalise_mac(sighting.mac_address)
        organization_id = self._organization(sighting)
        self._require_once(sighting, organization_id, mac_address)
        known = self._known(sighting, organization_id, mac_address)
        if known is None:
            return self._register(sighting, organization_id)
        return self._update(sighting, organization_id, known)

    def _organization(self, sighting: Sighting) -> UUID:
        if sighting.organization_id:
            return sighting.organization_id
        if sighting.organization:
            return self._belongings.organization(sighting.organization)
        return self._defaults.organization_id or DEFAULT_ORGANIZATION_ID

    def _require_once(
        self, sighting: Sighting, organization_id: UUID, mac_address: str
    ) -> None:
        """Refuse a second router of the same name or address in one source."""
        keys = {"name": sighting.name.casefold(), "mac_address": mac_address}
        for field, key in keys.items():
            place = (field, organization_id, key)
            first = self._seen.setdefault(place, sighting.where)
            if first != sighting.where:
                raise InvalidError.of(field, f"It is the same as that of {first}.")

    def _known(
        self, sighting: Sighting, organization_id: UUID, mac_address: str
    ) -> Row | None:
        if sighting.device_id:
            found = self._flashlog.views.one("device", str(sighting.device_id))
            if found:
                return found
        where = {"mac_address": mac_address, "organization_id": str(organization_id)}
        rows = self._flashlog.views.all("device", where)
        return rows[0] if rows else None

    def _register(self, sighting: Sighting, organization_id: UUID) -> Outcome:
        new = NewDevice(
            name=sighting.name,
            mac_address=sighting.mac_address,
            addresses=sighting.addresses,
            last_ip=sighting.last_ip,
            model=sighting.model,
            os=sighting.os,
            system=sighting.system,
            notes=sighting.notes,
            agent_uuid=sighting.agent_uuid,
            organization_id=organization_id,
            key=sighting.key,
            host_key=self._host_key(sighting),
            device_id=sighting.device_id,
        )
        check_new_device(new)
        self._require_free(sighting.name, organization_id)
        if self._is_dry_run:
            return _outcome(sighting, "new")
        new = msgspec.structs.replace(
            new,
            group_id=self._group(sighting, organization_id),
            location_id=self._location(sighting, organization_id),
            credentials_ids=self._credentials(sighting, organization_id),
            jumps=self._jumps(sighting, organization_id),
        )
        device_id = add_device(self._flashlog, new, by=self._by)
        if not sighting.is_active:
            deactivate_device(self._flashlog, device_id, by=self._by)
        return _outcome(sighting, "new", device_id=device_id)

    def _require_free(self, name: str, organization_id: UUID) -> None:
        rows = self._flashlog.views.rows(
            "SELECT 1 FROM device WHERE organization_id = ?2"
            " AND name = ?1 COLLATE NOCASE",
            [name, str(organization_id)],
        )
        if rows:
            raise InvalidError.of("name", TAKEN)

    def _update(self, sighting: Sighting, organization_id: UUID, row: Row) -> Outcome:
        device_id = UUID(row["id"])
        changes = self._changes(sighting, organization_id, row)
        if changes.get("name", row["name"]).casefold() != row["name"].casefold():
            self._require_free(sighting.name, organization_id)
        _, addresses = dialled(None, sighting.addresses)
        is_moved = bool(addresses) and list(addresses) != json.loads(row["addresses"])
        missing = self._missing_credentials(sighting, organization_id, row)
        host_key = None if row["host_key"] else self._host_key(sighting)
        said = [
            *changes,
            *(["addresses"] if is_moved and row["is_active"] else []),
            *(["log-ins"] if missing else []),
            *(["host key"] if host_key else []),
        ]
        if not said:
            return _outcome(sighting, "same", device_id=device_id)
        if self._is_dry_run:
            return _outcome(sighting, "changed", *said, device_id=device_id)
        if changes:
            change_device(self._flashlog, device_id, changes, by=self._by)
        if "addresses" in said:
            change_addresses(
                self._flashlog, device_id=device_id, addresses=addresses, by=self._by
            )
        for credentials_id in filter(None, missing):
            facts = ConnectionFacts(credentials_id=credentials_id)
            add_connection(self._flashlog, device_id, facts, by=self._by)
        if host_key:
            pin_host_key(self._flashlog, device_id, host_key, by=self._by)
        return _outcome(sighting, "changed", *said, device_id=device_id)

    def _changes(
        self, sighting: Sighting, organization_id: UUID, row: Row
    ) -> dict[str, Any]:
        """Return what the source says otherwise; of what it is silent on, nothing."""
        said = {name: getattr(sighting, name) for name in _TEXTS}
        changes = {
            name: value for name, value in said.items() if value and value != row[name]
        }
        if sighting.group or sighting.group_id:
            group_id = self._group(sighting, organization_id)
            if group_id is None or str(group_id) != row["group_id"]:
                changes["group_id"] = group_id
        if sighting.location or sighting.location_id:
            location_id = self._location(sighting, organization_id)
            if location_id is None or str(location_id) != row["location_id"]:
                changes["location_id"] = location_id
        return changes

    def _missing_credentials(
        self, sighting: Sighting, organization_id: UUID, row: Row
    ) -> list[UUID | None]:
        """Return the log-ins that the device lacks; None for those not made yet."""
        used = {each["credentials_id"] for each in json.loads(row["connections"])}
        wanted: list[UUID | None] = list(sighting.credentials_ids)
        log_in = sighting.log_in or self._defaults.log_in
        if log_in and not wanted:
            wanted = [self._belongings.log_in(log_in, organization_id)]
        return [each for each in wanted if each is None or str(each) not in used]

    def _credentials(
        self, sighting: Sighting, organization_id: UUID
    ) -> tuple[UUID, ...]:
        log_in = sighting.log_in or self._defaults.log_in
        if sighting.credentials_ids or log_in is None:
            return sighting.credentials_ids
        found = self._belongings.log_in(log_in, organization_id)
        return (found,) if found else ()

    def _jumps(self, sighting: Sighting, organization_id: UUID) -> tuple[Jump, ...]:
        jumps = sighting.jumps or self._defaults.jumps
        for jump in jumps:
            key = self._known_hosts.key_of(jump.address, jump.login.port)
            if key:
                pin_jump_host_key(
                    self._flashlog, jump.address, jump.login.port, key, by=self._by
                )
        ways = (
            (jump.address, self._belongings.log_in(jump.login, organization_id))
            for jump in jumps
        )
        return tuple(
            Jump(address=address, credentials_id=credentials_id)
            for address, credentials_id in ways
            if credentials_id
        )

    def _group(self, sighting: Sighting, organization_id: UUID) -> UUID | None:
        if sighting.group_id or not sighting.group:
            return sighting.group_id
        return self._belongings.group(sighting.group, organization_id)

    def _location(self, sighting: Sighting, organization_id: UUID) -> UUID | None:
        if sighting.location_id or not sighting.location:
            return sighting.location_id
        return self._belongings.location(sighting.location, organization_id)

    def _host_key(self, sighting: Sighting) -> PinnedKey | None:
        log_in = sighting.log_in or self._defaults.log_in or NewCredentials()
        keys = (
            self._known_hosts.key_of(address, log_in.port)
            for address in sighting.addresses
        )
        return next(filter(None, keys), None)


def _outcome(
    sighting: Sighting, verdict: str, *said: str, device_id: UUID | None = None
) -> Outcome:
    return Outcome(
        where=sighting.where,
        name=sighting.name,
        verdict=verdict,
        said=said,
        device_id=device_id,
    )
