"""What is said of users: where they belong, and what they may do."""

from datetime import date
from uuid import UUID

import msgspec


class Membership(msgspec.Struct, frozen=True, kw_only=True):
    """A user's place in an organization; `is_admin` makes a manager of them."""

    membership_id: UUID
    is_admin: bool = False


class Rights(msgspec.Struct, frozen=True, kw_only=True):
    """What a user may do wherever they are a manager.

    `groups` are numbers of groups, `permissions` are named like `change_device`; after
    the day `expires_on` the account counts as inactive.
    """

    is_active: bool = True
    is_staff: bool = False
    is_superuser: bool = False
    groups: tuple[int, ...] = ()
    permissions: tuple[str, ...] = ()
    expires_on: date | None = None

    def hold_on(self, day: date) -> bool:
        """Whether the account counts as active on this day."""
        return self.is_active and (self.expires_on is None or self.expires_on >= day)
