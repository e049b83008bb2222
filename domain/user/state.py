"""What a user's events have made of it."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from domain.base import Aggregate
from domain.user.words import Membership, Rights


class UserState(Aggregate):
    """Assignments and questions only; decisions are in `User`."""

    person_id: UUID
    password_id: UUID
    rights: Rights

    def __init__(self, aggregate_id: UUID) -> None:
        super().__init__(aggregate_id)
        self.memberships: Mapping[UUID, Membership] = {}
        self.token_id: UUID | None = None
        self.token_hash = ""
        self.last_login: datetime | None = None
        # Until when each would have gone on, had nobody logged out.
        self.ended_sessions: Mapping[UUID, datetime] = {}

    @property
    def is_active(self) -> bool:
        return self.rights.is_active

    @property
    def is_superuser(self) -> bool:
        return self.rights.is_superuser
