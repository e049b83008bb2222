"""An account, told by its commands."""

from datetime import datetime
from uuid import UUID

import msgspec

from domain.errors import RefusedError
from domain.user.events import (
    Changed,
    Deactivated,
    Erased,
    Joined,
    Left,
    LoggedIn,
    LoggedOut,
    PasswordChanged,
    Registered,
    TokenIssued,
    UserEvent,
)
from domain.user.state import UserState
from domain.user.words import Rights


class User(UserState):
    """An account; one token at a time."""

    @classmethod
    def register(cls, user_id: UUID, registered: Registered) -> "User":
        user = cls(user_id)
        user.record(registered)
        return user

    def change(
        self, rights: Rights, *, person_id: UUID | None = None, by: UUID | None = None
    ) -> None:
        person_id = person_id or self.person_id
        if (person_id, rights) != (self.person_id, self.rights):
            changed = msgspec.structs.asdict(rights)
            self.record(Changed(person_id=person_id, **changed, by=by))

    def change_password(self, password_id: UUID, *, by: UUID | None = None) -> None:
        self.record(PasswordChanged(password_id=password_id, by=by))

    def issue_token(self, issued: TokenIssued) -> None:
        if not self.is_active:
            msg = "the user is not active"
            raise RefusedError(msg)
        self.record(issued)

    def note_log_in(self, *, at: datetime) -> None:
        self.record(LoggedIn(at=at))

    def log_out(self, session_id: UUID, *, at: datetime, until: datetime) -> None:
        """End the session of a browser, which would have lasted `until` then."""
        if session_id not in self.ended_sessions:
            self.record(LoggedOut(session_id=session_id, at=at, until=until))

    def join(self, joined: Joined) -> None:
        """Come into an organization, or take another role in it."""
        self.record(joined)

    def leave(self, organization_id: UUID, *, by: UUID | None = None) -> None:
        if organization_id in self.memberships:
            self.record(Left(organization_id=organization_id, by=by))

    def deactivate(self, *, by: UUID | None = None) -> None:
        if self.is_active:
            self.record(Deactivated(by=by))

    def erase(self, *, by: UUID | None = None) -> None:
        self.record(Erased(by=by))


UserEvent.AGGREGATE = User
