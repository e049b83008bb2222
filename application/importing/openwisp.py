"""Routers, and what belongs to them, from a running OpenWISP; ids are kept.

Facts: the REST interface of openwisp-controller 1.3. Its credentials show their
secrets; a server that masks them makes us take the log-in that is given for all.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

from application.adapters.openwisp import OpenWisp
from application.commands.credentials import CredentialsFacts, create_credentials
from application.commands.device_groups import GroupDescription, create_group
from application.commands.devices import NewCredentials
from application.commands.locations import Place, create_location
from application.commands.log_in_parameters import MASK, LogIn, read_log_in
from application.commands.organizations import found_organization
from application.errors import DomainError, InvalidError
from application.flashlog import Flashlog
from application.importing.sighting import Outcome, Sighting
from domain.credentials import KEY, PASSWORD

_ASKED_AT_ONCE = 8


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
        self._flashlog = flashlog
        self._openwisp = openwisp
        self._default = default
        self._uses_last_ip = uses_last_ip
        self._is_dry_run = is_dry_run
        self._by = by
        self._organizations: dict[str, UUID] = {}

    def belongings(self) -> Iterator[Outcome]:
        """Bring organizations, groups, locations and credentials."""
        for told in self._openwisp.all("/users/organization/"):
            yield self._organization(told)
        for path, table, make in (
            ("/controller/group/", "device_group", self._group),
            ("/controller/location/", "location", self._location),
            ("/controller/credential/", "credentials", self._credential),
        ):
            for told in self._openwisp.all(path):
                where = f"{path.split('/')[-2]} {told.get('name')}"
                yield self._brought(where, table, told, make)

    def devices(self) -> list[Mapping[str, Any]]:
        """Return what the list says of every device."""
        return list(self._openwisp.all("/controller/device/"))

    def sightings(self, devices: list[Mapping[str, Any]]) -> Iterator[Sighting]:
        """Ask for the rest of each device, and tell of it."""
        with ThreadPoolExecutor(_ASKED_AT_ONCE) as pool:
            yield from pool.map(self._sighting, devices)

    def _organization(self, told: Mapping[str, Any]) -> Outcome:
        """Find an organization by its slug, or make it under its own id."""
        where, slug = f"organization {told['slug']}", str(told["slug"])
        rows = self._flashlog.views.all("organization", {"slug": slug})
        if rows:
            self._organizations[told["id"]] = UUID(rows[0]["id"])
            return Outcome(where=where, name=slug, verdict="same")
        self._organizations[told["id"]] = UUID(told["id"])
        if not self._is_dry_run:
            facts = {name: told[name] for name in ("name", "slug")}
            found_organization(
                self._flashlog, facts, organization_id=UUID(told["id"]), by=self._by
            )
        return Outcome(where=where, name=slug, verdict="new")

    def _brought(
        self, where: str, table: str, told: Mapping[str, Any], make: Any
    ) -> Outcome:
        name = str(told.get("name"))
        if self._flashlog.views.one(table, str(told["id"])):
            return Outcome(where=where, name=name, verdict="same")
        try:
            make(told)
        except InvalidError as error:
            said = (f"{field}: {texts}" for field, texts in error.fields.items())
            return Outcome(where=where, name=name, verdict="wrong", said=tuple(said))
        except DomainError as error:
            return Outcome(where=where, name=name, verdict="wrong", said=(str(error),))
        return Outcome(where=where, name=name, verdict="new")

    def _group(self, told: Mapping[str, Any]) -> None:
        said = GroupDescription(
            name=told["name"],
            organization_id=self._owner(told),
            description=told.get("description") or "",
            context=told.get("context") or {},
            meta_data=told.get("meta_data") or {},
        )
        if not self._is_dry_run:
            create_group(self._flashlog, said, group_id=UUID(told["id"]), by=self._by)

    def _location(self, told: Mapping[str, Any]) -> None:
        place = Place(
            name=told["name"],
            organization_id=self._owner(told),
            type=told["type"],
            is_mobile=bool(told.get("is_mobile")),
            address=told.get("address") or "",
            geometry=told.get("geometry"),
        )
        if not self._is_dry_run:
            create_location(
                self._flashlog, place, location_id=UUID(told["id"]), by=self._by
            )

    def _credential(self, told: Mapping[str, Any]) -> None:
        if not str(told.get("connector")).endswith(".ssh.Ssh"):
            raise InvalidError.of("connector", "Only SSH leads to a router.")
        facts = CredentialsFacts(
            name=told["name"],
            organization_id=self._owner(told) if told.get("organization") else None,
            auto_add=bool(told.get("auto_add")),
            log_in=self._log_in(told.get("params") or {}),
        )
        if not self._is_dry_run:
            create_credentials(
                self._flashlog, facts, credentials_id=UUID(told["id"]), by=self._by
            )

    def _log_in(self, params: Mapping[str, Any]) -> LogIn:
        """Return a log-in; a masked secret is the one that is given for all."""
        if MASK not in {params.get(PASSWORD), params.get(KEY)}:
            return read_log_in(params)
        default = self._default
        if default is None:
            raise InvalidError.of(
                "params", "The secret is not shown there: give it (--key or another)."
            )
        return LogIn(
            username=params.get("username") or default.username,
            port=params.get("port") or default.port,
            secret={
                name: getattr(default, name)
                for name in ("password", "private_key", "passphrase")
            },
            secret_kind=PASSWORD if default.private_key is None else KEY,
        )

    def _owner(self, told: Mapping[str, Any]) -> UUID:
        organization_id = self._organizations.get(str(told.get("organization")))
        if organization_id is None:
            raise InvalidError.of("organization", "The token does not show it.")
        return organization_id

    def _sighting(self, told: Mapping[str, Any]) -> Sighting:
        path = f"/controller/device/{told['id']}/"
        detail = self._openwisp.one(path) or told
        connections = list(self._openwisp.all(f"{path}connection/"))
        placed = self._openwisp.one(f"{path}location/") or {}
        location = (placed.get("location") or {}).get("id")
        addresses = [detail.get("management_ip")]
        if self._uses_last_ip:
            addresses.append(detail.get("last_ip"))
        found = tuple(each for each in dict.fromkeys(addresses) if each)
        owner = self._organizations.get(str(detail.get("organization")))
        is_active = not detail.get("is_deactivated")
        problems = []
        if owner is None:
            problems.append("the token does not show its organization")
        if not found and is_active:
            problems.append(
                "it has no management address: give it one there, "
                "or say --last-ip if the last address is one to dial"
            )
        key = detail.get("key")
        credentials = self._usable(connections)
        return Sighting(
            where=f"device {detail['id']}",
            name=detail["name"],
            mac_address=detail["mac_address"],
            addresses=found,
            last_ip=detail.get("last_ip"),
            model=detail.get("model") or "",
            os=detail.get("os") or "",
            system=detail.get("system") or "",
            notes=detail.get("notes") or "",
            device_id=UUID(detail["id"]),
            organization_id=owner,
            group_id=_id(detail.get("group")),
            location_id=_id(location),
            credentials_ids=credentials,
            key="" if key in {None, MASK} else str(key),
            is_active=is_active,
            problems=tuple(problems),
        )

    def _usable(self, connections: list[dict[str, Any]]) -> tuple[UUID, ...]:
        """Return the enabled log-ins, of those that were brought."""
        ids = (str(each["credentials"]) for each in connections if each["enabled"])
        if self._is_dry_run:
            return tuple(map(UUID, ids))
        return tuple(
            UUID(each) for each in ids if self._flashlog.views.one("credentials", each)
        )


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None
