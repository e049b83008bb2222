"""What devices refer to by name: found where there is one, made where there is none."""

from uuid import UUID

import msgspec

from application.commands.credentials import add_credentials
from application.commands.device_groups import GroupDescription, create_group
from application.commands.devices import NewCredentials
from application.commands.locations import Place, create_location
from application.errors import InvalidError
from application.flashlog import Flashlog

_SECRET = ("password", "private_key", "passphrase")


class Belongings:
    """Organizations, groups, locations and log-ins of what is brought.

    In a dry run nothing is made: what would be made has no id yet.
    """

    def __init__(
        self, flashlog: Flashlog, *, is_dry_run: bool, by: UUID | None
    ) -> None:
        self._flashlog = flashlog
        self._is_dry_run = is_dry_run
        self._by = by
        self._log_ins: dict[tuple[UUID, NewCredentials], UUID | None] = {}

    def organization(self, slug: str) -> UUID:
        """Return the id of an organization. Raises InvalidError."""
        rows = self._flashlog.views.all("organization", {"slug": slug})
        if not rows:
            raise InvalidError.of("organization", f"There is no organization {slug!r}.")
        return UUID(rows[0]["id"])

    def group(self, name: str, organization_id: UUID) -> UUID | None:
        found = self._named("device_group", name, organization_id)
        if found or self._is_dry_run:
            return found
        said = GroupDescription(name=name, organization_id=organization_id)
        return create_group(self._flashlog, said, by=self._by)

    def location(self, name: str, organization_id: UUID) -> UUID | None:
        found = self._named("location", name, organization_id)
        if found or self._is_dry_run:
            return found
        place = Place(name=name, organization_id=organization_id)
        return create_location(self._flashlog, place, by=self._by)

    def log_in(self, new: NewCredentials, organization_id: UUID) -> UUID | None:
        """Return credentials with this very user, port and secret."""
        known = (organization_id, msgspec.structs.replace(new, name=""))
        if known not in self._log_ins:
            found = self._equal(new, organization_id)
            if found is None and not self._is_dry_run:
                found = add_credentials(
                    self._flashlog, new, organization_id=organization_id, by=self._by
                )
            self._log_ins[known] = found
        return self._log_ins[known]

    def _named(self, table: str, name: str, organization_id: UUID) -> UUID | None:
        where = {"name": name, "organization_id": str(organization_id)}
        rows = self._flashlog.views.all(table, where)
        return UUID(rows[-1]["id"]) if rows else None

    def _equal(self, new: NewCredentials, organization_id: UUID) -> UUID | None:
        rows = self._flashlog.views.rows(
            "SELECT id, secret_id FROM credentials WHERE organization_id = ?"
            " AND username = ? AND port = ? ORDER BY position",
            [str(organization_id), new.username, new.port],
        )
        wanted = [getattr(new, name) for name in _SECRET]
        for row in rows:
            secret = self._flashlog.vault.get(UUID(row["secret_id"]))
            if [secret.get(name) for name in _SECRET] == wanted:
                return UUID(row["id"])
        return None
