"""What devices of OpenWISP refer to: brought under its ids, or found here by name."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from application.commands.credentials import CredentialsFacts, create_credentials
from application.commands.device_groups import GroupDescription, create_group
from application.commands.devices import NewCredentials
from application.commands.locations import Place, create_location
from application.commands.log_in_parameters import MASK, LogIn, read_log_in
from application.commands.organizations import found_organization
from application.errors import DomainError, InvalidError
from application.flashlog import Flashlog
from application.importing.openwisp_shapes import (
    ToldCredentials,
    ToldGroup,
    ToldLocation,
    ToldOrganization,
)
from application.importing.sighting import Outcome
from domain.credentials import KEY, PASSWORD

_SSH = ".ssh.Ssh"


class BroughtBelongings:
    """Brings one after the other and remembers which id each has here.

    What could not be brought is not remembered. In a dry run nothing is made.
    """

    def __init__(
        self,
        flashlog: Flashlog,
        *,
        default: NewCredentials | None,
        is_dry_run: bool,
        by: UUID | None,
    ) -> None:
        self._flashlog = flashlog
        self._default = default
        self._is_dry_run = is_dry_run
        self._by = by
        self.organizations: dict[UUID, UUID] = {}
        self.groups: dict[UUID, UUID] = {}
        self.locations: dict[UUID, UUID] = {}
        self.log_ins: dict[UUID, UUID] = {}

    def organization(self, told: ToldOrganization) -> Outcome:
        """Find an organization by its slug, or make it."""
        facts = {
            name: getattr(told, name)
            for name in ("name", "slug", "is_active", "description", "email", "url")
        }

        def make() -> None:
            found_organization(
                self._flashlog, facts, organization_id=told.id, by=self._by
            )

        found = self._named("organization", {"slug": told.slug})
        where = f"organization {told.slug}"
        return self._bring(self.organizations, where, told, found, lambda: make)

    def group(self, told: ToldGroup) -> Outcome:
        """Find a group by its id or name, or make it."""

        def prepare() -> Callable[[], object]:
            said = GroupDescription(
                name=told.name,
                organization_id=self._owner(told.organization),
                description=told.description,
                context=told.context or {},
                meta_data=told.meta_data or {},
            )
            return lambda: create_group(
                self._flashlog, said, group_id=told.id, by=self._by
            )

        owner = self.organizations.get(told.organization)
        found = self._by_id("device_group", told.id) or self._named(
            "device_group", {"name": told.name, "organization_id": str(owner)}
        )
        return self._bring(self.groups, f"group {told.name}", told, found, prepare)

    def location(self, told: ToldLocation) -> Outcome:
        """Find a location by its id, or make it."""

        def prepare() -> Callable[[], object]:
            place = Place(
                name=told.name,
                organization_id=self._owner(told.organization),
                type=told.type,
                is_mobile=told.is_mobile,
                address=told.address,
                geometry=told.geometry,
            )
            return lambda: create_location(
                self._flashlog, place, location_id=told.id, by=self._by
            )

        found = self._by_id("location", told.id)
        return self._bring(
            self.locations, f"location {told.name}", told, found, prepare
        )

    def log_in(self, told: ToldCredentials) -> Outcome:
        """Find credentials by their id, or keep them; other ways than SSH are left."""
        where = f"credential {told.name}"
        if not told.connector.endswith(_SSH):
            said = (f"only SSH leads to a router, not {told.connector}",)
            return Outcome(where=where, name=told.name, verdict="skipped", said=said)

        def prepare() -> Callable[[], object]:
            owner = self._owner(told.organization) if told.organization else None
            same = {"name": told.name, "organization_id": str(owner)}
            if self._named("credentials", same):
                raise InvalidError.of(
                    "name", "Other credentials have this name here: rename one of them."
                )
            facts = CredentialsFacts(
                name=told.name,
                organization_id=owner,
                auto_add=told.auto_add,
                log_in=self._read(told.params),
            )
            return lambda: create_credentials(
                self._flashlog, facts, credentials_id=told.id, by=self._by
            )

        found = self._by_id("credentials", told.id)
        return self._bring(self.log_ins, where, told, found, prepare)

    def _bring(
        self,
        brought: dict[UUID, UUID],
        where: str,
        told: Any,
        found: UUID | None,
        prepare: Callable[[], Callable[[], object]],
    ) -> Outcome:
        """Remember what was found; else look whether it can be made, and make it."""
        if found:
            brought[told.id] = found
            return Outcome(where=where, name=told.name, verdict="same")
        try:
            make = prepare()
            if not self._is_dry_run:
                make()
        except DomainError as error:
            said = (str(error),)
            return Outcome(where=where, name=told.name, verdict="wrong", said=said)
        brought[told.id] = told.id
        return Outcome(where=where, name=told.name, verdict="new")

    def _read(self, params: Mapping[str, Any]) -> LogIn:
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

    def _owner(self, told: UUID) -> UUID:
        owner = self.organizations.get(told)
        if owner is None:
            raise InvalidError.of("organization", "It was not brought.")
        return owner

    def _by_id(self, table: str, told: UUID) -> UUID | None:
        return told if self._flashlog.views.one(table, str(told)) else None

    def _named(self, table: str, where: Mapping[str, Any]) -> UUID | None:
        rows = self._flashlog.views.all(table, where)
        return UUID(rows[0]["id"]) if rows else None
