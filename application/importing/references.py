"""What a router in a source refers to: log-ins, jump hosts, group, location, keys."""

import json
from uuid import UUID

import msgspec

from application.commands.devices import NewCredentials
from application.commands.reaching import pin_jump_host_key
from application.commands.registration import JumpLogin
from application.flashlog import Flashlog
from application.importing.belongings import Belongings
from application.importing.known_hosts import KnownHosts
from application.importing.sighting import Sighting
from application.projections.views import Row
from domain.device.words import PinnedKey

# A host on the way and its credentials; None where those are not made yet.
Way = tuple[str, UUID | None]


class Defaults(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for routers of which the source does not say it."""

    log_in: NewCredentials | None = None
    jumps: tuple[JumpLogin, ...] = ()
    organization_id: UUID | None = None


class References:
    """Finds, or makes, what a sighting names or leaves to the defaults."""

    def __init__(
        self,
        flashlog: Flashlog,
        belongings: Belongings,
        *,
        defaults: Defaults,
        known_hosts: KnownHosts,
        by: UUID | None,
    ) -> None:
        self._flashlog = flashlog
        self._belongings = belongings
        self._defaults = defaults
        self._known_hosts = known_hosts
        self._by = by

    def missing_credentials(
        self, sighting: Sighting, organization_id: UUID, row: Row
    ) -> list[UUID | None]:
        """Return the log-ins that the device lacks; None for those not made yet."""
        used = {each["credentials_id"] for each in json.loads(row["connections"])}
        wanted: list[UUID | None] = list(sighting.credentials_ids)
        log_in = sighting.log_in or self._defaults.log_in
        if log_in and not wanted:
            wanted = [self._belongings.log_in(log_in, organization_id)]
        return [each for each in wanted if each is None or str(each) not in used]

    def credentials(
        self, sighting: Sighting, organization_id: UUID
    ) -> tuple[UUID, ...]:
        log_in = sighting.log_in or self._defaults.log_in
        if sighting.credentials_ids or log_in is None:
            return sighting.credentials_ids
        found = self._belongings.log_in(log_in, organization_id)
        return (found,) if found else ()

    def ways(self, sighting: Sighting, organization_id: UUID) -> list[Way] | None:
        """Return the hosts that the way leads through; None where nothing is said."""
        if sighting.jumps is None and not self._defaults.jumps:
            return None
        return [
            (jump.address, self._belongings.log_in(jump.login, organization_id))
            for jump in self._jumps(sighting)
        ]

    def pin_jump_hosts(self, sighting: Sighting) -> None:
        """Pin the host keys of the hosts on the way that are known."""
        for jump in self._jumps(sighting):
            key = self._known_hosts.key_of(jump.address, jump.login.port)
            if key:
                pin_jump_host_key(
                    self._flashlog, jump.address, jump.login.port, key, by=self._by
                )

    def group(self, sighting: Sighting, organization_id: UUID) -> UUID | None:
        if sighting.group_id or not sighting.group:
            return sighting.group_id
        return self._belongings.group(sighting.group, organization_id)

    def location(self, sighting: Sighting, organization_id: UUID) -> UUID | None:
        if sighting.location_id or not sighting.location:
            return sighting.location_id
        return self._belongings.location(sighting.location, organization_id)

    def host_key(self, sighting: Sighting) -> PinnedKey | None:
        log_in = sighting.log_in or self._defaults.log_in or NewCredentials()
        keys = (
            self._known_hosts.key_of(address, log_in.port)
            for address in sighting.addresses
        )
        return next(filter(None, keys), None)

    def _jumps(self, sighting: Sighting) -> tuple[JumpLogin, ...]:
        return self._defaults.jumps if sighting.jumps is None else sighting.jumps
