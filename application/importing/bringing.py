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
    NewDevice,
    add_device,
    check_new_device,
)
from application.commands.reaching import (
    change_addresses,
    pin_host_key,
)
from application.errors import DomainError, InvalidError
from application.flashlog import Flashlog
from application.importing.belongings import Belongings
from application.importing.known_hosts import KnownHosts
from application.importing.references import Defaults, References
from application.importing.sighting import Outcome, Sighting
from application.projections.views import Row
from domain.identity import normalise_mac
from domain.organization import DEFAULT_ORGANIZATION_ID

_TEXTS = ("name", "model", "os", "system", "notes", "last_ip")


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
        self._is_dry_run = is_dry_run
        self._by = by
        self._belongings = Belongings(flashlog, is_dry_run=is_dry_run, by=by)
        self._references = References(
            flashlog,
            self._belongings,
            defaults=defaults,
            known_hosts=known_hosts,
            by=by,
        )
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
            host_key=self._references.host_key(sighting),
            device_id=sighting.device_id,
        )
        check_new_device(new)
        self._require_free(sighting.name, organization_id)
        if self._is_dry_run:
            return _outcome(sighting, "new")
        new = msgspec.structs.replace(
            new,
            group_id=self._references.group(sighting, organization_id),
            location_id=self._references.location(sighting, organization_id),
            credentials_ids=self._references.credentials(sighting, organization_id),
            jumps=self._references.jumps(sighting, organization_id),
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
        if "name" in changes and sighting.name.casefold() != row["name"].casefold():
            self._require_free(sighting.name, organization_id)
        _, addresses = dialled(None, sighting.addresses)
        is_moved = bool(addresses) and list(addresses) != json.loads(row["addresses"])
        missing = self._references.missing_credentials(sighting, organization_id, row)
        host_key = None if row["host_key"] else self._references.host_key(sighting)
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
            group_id = self._references.group(sighting, organization_id)
            if group_id is None or str(group_id) != row["group_id"]:
                changes["group_id"] = group_id
        if sighting.location or sighting.location_id:
            location_id = self._references.location(sighting, organization_id)
            if location_id is None or str(location_id) != row["location_id"]:
                changes["location_id"] = location_id
        return changes


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
