"""Who may see and do what: superusers, managers of organizations, everybody else."""

from uuid import UUID

import msgspec


class Condition(msgspec.Struct, frozen=True):
    """A condition in SQL and its values."""

    text: str
    values: tuple[str, ...] = ()


# What every row fulfils.
ALL = Condition("1 = 1")


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """What may be known of a user without opening the vault.

    `permissions` are named like `change_device`; `manages` are the active organizations
    that the user is a manager of. A superuser needs neither.
    """

    user_id: UUID
    is_active: bool
    is_staff: bool
    is_superuser: bool
    permissions: frozenset[str] = frozenset()
    manages: frozenset[UUID] = frozenset()

    def is_manager(self) -> bool:
        """Whether there is anything that the user may be shown at all."""
        return self.is_superuser or bool(self.manages)

    def may(self, *permissions: str) -> bool:
        """Whether the user has one of these permissions."""
        return self.is_superuser or not self.permissions.isdisjoint(permissions)

    def may_see(self, organization_id: UUID | None) -> bool:
        """Whether what this organization owns is seen; None owns what all share."""
        return self.is_superuser or organization_id in {None, *self.manages}

    def may_change(self, organization_id: UUID | None) -> bool:
        """Whether what this organization owns is changed; what all share is not."""
        return self.is_superuser or organization_id in self.manages

    def seen(self, column: str, *, shared: bool = True) -> Condition:
        """Return what a row's organization must be like for the user to see the row."""
        if self.is_superuser:
            return ALL
        own = f"{column} IN (SELECT value FROM json_each(?))"  # noqa: S608
        ids = msgspec.json.encode(sorted(map(str, self.manages))).decode()
        return Condition(f"({own} OR {column} IS NULL)" if shared else own, (ids,))
