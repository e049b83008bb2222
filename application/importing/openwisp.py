"""Routers, and what belongs to them, from a running OpenWISP; ids are kept.

Its credentials show their secrets; where a server masks them, as Flashlog does, the
log-in that is given for all is taken.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

from application.adapters.openwisp import OpenWisp, OpenWispError
from application.commands.devices import NewCredentials
from application.commands.log_in_parameters import MASK
from application.flashlog import Flashlog
from application.importing.openwisp_belongings import BroughtBelongings
from application.importing.openwisp_shapes import (
    ToldConnection,
    ToldCredentials,
    ToldDevice,
    ToldGroup,
    ToldLocation,
    ToldOrganization,
    ToldPlace,
)
from application.importing.sighting import Outcome, Sighting

_ASKED_AT_ONCE = 8
# A server that fails so often is not asked for thousands of further devices.
_FAILURES_MAX = 10


class FromOpenWisp:
    """Brings first what devices refer to, then tells of the devices."""

    def __init__(
        self,
        flashlog: Flashlog,
        openwisp: OpenWisp,
        *,
        default: NewCredentials | None,
        uses_last_ip: bool,
        is_dry_run: bool,
        by: UUID | None,
    ) -> None:
        """Read all that OpenWISP lists, before anything is made. OpenWispError."""
        self._openwisp = openwisp
        self._uses_last_ip = uses_last_ip
        self._organizations = self._listed("/users/organization/", ToldOrganization)
        self._groups = self._listed("/controller/group/", ToldGroup)
        self._locations = self._listed("/controller/location/", ToldLocation)
        self._credentials = self._listed("/controller/credential/", ToldCredentials)
        self.devices = self._listed("/controller/device/", ToldDevice)
        self._brought = BroughtBelongings(
            flashlog, default=default, is_dry_run=is_dry_run, by=by
        )
        self._failures = 0

    def belongings(self) -> Iterator[Outcome]:
        """Bring organizations, groups, locations and credentials."""
        bring: Sequence[tuple[Sequence[Any], Callable[[Any], Outcome]]] = (
            (self._organizations, self._brought.organization),
            (self._groups, self._brought.group),
            (self._locations, self._brought.location),
            (self._credentials, self._brought.log_in),
        )
        for listed, bring_one in bring:
            yield from map(bring_one, listed)

    def sightings(self) -> Iterator[Sighting]:
        """Ask for the rest of each device, and tell of it; not of those gone since."""
        with ThreadPoolExecutor(_ASKED_AT_ONCE) as pool:
            yield from filter(None, pool.map(self._asked, self.devices))

    def _listed(self, path: str, kind: type[Any]) -> list[Any]:
        # OpenWISP tells the newest first; they are to stand in this order here, too.
        return list(self._openwisp.all(path, kind))[::-1]

    def _asked(self, told: ToldDevice) -> Sighting | None:
        where = f"device {told.id}"
        if self._failures >= _FAILURES_MAX:
            trouble = "OpenWISP failed too often and was not asked: run this again"
            return Sighting(where=where, name=told.name, problems=(trouble,))
        try:
            return self._sighting(told)
        except OpenWispError as error:
            self._failures += 1
            return Sighting(where=where, name=told.name, problems=(str(error),))

    def _sighting(self, told: ToldDevice) -> Sighting | None:
        path = f"/controller/device/{told.id}/"
        detail = self._openwisp.one(path, ToldDevice)
        if detail is None:
            return None
        connections = list(self._openwisp.all(f"{path}connection/", ToldConnection))
        place = self._openwisp.one(f"{path}location/", ToldPlace)
        brought = self._brought
        addresses = [detail.management_ip]
        if self._uses_last_ip:
            addresses.append(detail.last_ip)
        found = tuple(each for each in dict.fromkeys(addresses) if each)
        owner = brought.organizations.get(detail.organization)
        problems = []
        if owner is None:
            problems.append("its organization was not brought")
        if not found and not detail.is_deactivated:
            problems.append(
                "it has no management address: give it one there, "
                "or say --last-ip if the last address is one to dial"
            )
        return Sighting(
            where=f"device {detail.id}",
            name=detail.name,
            mac_address=detail.mac_address,
            addresses=found,
            last_ip=detail.last_ip,
            model=detail.model,
            os=detail.os,
            system=detail.system,
            notes=detail.notes,
            device_id=detail.id,
            organization_id=owner,
            group_id=_found(brought.groups, detail.group),
            location_id=_found(
                brought.locations,
                place.location.id if place and place.location else None,
            ),
            credentials_ids=tuple(
                brought.log_ins[each.credentials]
                for each in connections
                if each.enabled and each.credentials in brought.log_ins
            ),
            key="" if detail.key in {None, MASK} else str(detail.key),
            is_active=not detail.is_deactivated,
            problems=tuple(problems),
        )


def _found(brought: dict[UUID, UUID], told: UUID | None) -> UUID | None:
    return brought.get(told) if told else None
