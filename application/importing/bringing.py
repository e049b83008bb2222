"""Bring routers into the inventory, one after the other; again does no harm."""

from uuid import UUID

import msgspec

from application.commands.device_claims import TAKEN
from application.commands.device_lifecycle import deactivate_device
from application.commands.devices import (
    NewDevice,
    add_device,
    check_new_device,
)
from application.errors import DomainError, InvalidError
from application.flashlog import Flashlog
from application.importing.belongings import Belongings
from application.importing.known_hosts import KnownHosts
from application.importing.references import Defaults, References
from application.importing.sighting import Outcome, Sighting
from application.importing.updating import bring_up_to_date, difference
from application.projections.views import Row
from application.queries.folding import folded
from domain.device.words import Jump
from domain.identity import normalise_mac
from domain.organization import DEFAULT_ORGANIZATION_ID


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
        ways = self._references.ways(sighting, organization_id) or ()
        new = msgspec.structs.replace(
            new,
            group_id=self._references.group(sighting, organization_id),
            location_id=self._references.location(sighting, organization_id),
            credentials_ids=self._references.credentials(sighting, organization_id),
            jumps=tuple(
                Jump(address=address, credentials_id=credentials_id)
                for address, credentials_id in ways
                if credentials_id
            ),
        )
        self._references.pin_jump_hosts(sighting)
        device_id = add_device(self._flashlog, new, by=self._by)
        if not sighting.is_active:
            deactivate_device(self._flashlog, device_id, by=self._by)
        return _outcome(sighting, "new", device_id=device_id)

    def _require_free(self, name: str, organization_id: UUID) -> None:
        rows = self._flashlog.views.rows(
            "SELECT 1 FROM device WHERE organization_id = ?2 AND lower(name) = ?1",
            [folded(name), str(organization_id)],
        )
        if rows:
            raise InvalidError.of("name", TAKEN)

    def _update(self, sighting: Sighting, organization_id: UUID, row: Row) -> Outcome:
        device_id = UUID(row["id"])
        if row["organization_id"] != str(organization_id):
            raise InvalidError.of(
                "organization", "The router is in another organization here: move it."
            )
        if sighting.name.casefold() != row["name"].casefold():
            self._require_free(sighting.name, organization_id)
        found = difference(self._references, sighting, organization_id, row)
        if not self._is_dry_run:
            self._references.pin_jump_hosts(sighting)
            bring_up_to_date(self._flashlog, device_id, found, by=self._by)
        verdict = "changed" if found.said else "same"
        return _outcome(sighting, verdict, *found.said, device_id=device_id)


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
