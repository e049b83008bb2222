"""The facts of a user."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from domain.base import Event
from domain.user.state import UserState
from domain.user.words import Membership, Rights


class UserEvent(Event, frozen=True, kw_only=True):
    """A fact of a user."""


class Registered(UserEvent, frozen=True, kw_only=True):
    """`person_id` names the vault entry with user name, e-mail and the like."""

    TOPIC = "User:Registered"

    person_id: UUID
    password_id: UUID
    is_superuser: bool = False
    is_staff: bool = False
    is_active: bool = True
    groups: tuple[int, ...] = ()
    permissions: tuple[str, ...] = ()
    expires_on: date | None = None
    by: UUID | None = None

    def apply(self, user: UserState) -> None:
        user.person_id = self.person_id
        user.password_id = self.password_id
        user.rights = msgspec.convert(self, Rights, from_attributes=True)


class Changed(UserEvent, frozen=True, kw_only=True):
    """The whole of it as it is from now on; another `person_id` is a new entry."""

    TOPIC = "User:Changed"

    person_id: UUID
    is_superuser: bool = False
    is_staff: bool = False
    is_active: bool = True
    groups: tuple[int, ...] = ()
    permissions: tuple[str, ...] = ()
    expires_on: date | None = None
    by: UUID | None = None

    def apply(self, user: UserState) -> None:
        user.person_id = self.person_id
        user.rights = msgspec.convert(self, Rights, from_attributes=True)


class PasswordChanged(UserEvent, frozen=True, kw_only=True):
    TOPIC = "User:PasswordChanged"

    password_id: UUID
    by: UUID | None = None

    def apply(self, user: UserState) -> None:
        user.password_id = self.password_id


class TokenIssued(UserEvent, frozen=True, kw_only=True):
    """`token_id` names the vault entry; the hash recognises the token when shown."""

    TOPIC = "User:TokenIssued"

    token_id: UUID
    token_hash: str
    by: UUID | None = None

    def apply(self, user: UserState) -> None:
        user.token_id = self.token_id
        user.token_hash = self.token_hash


class LoggedIn(UserEvent, frozen=True, kw_only=True):
    """With a browser; who shows a token says who they are anew each time."""

    TOPIC = "User:LoggedIn"

    at: datetime

    def apply(self, user: UserState) -> None:
        user.last_login = self.at


class LoggedOut(UserEvent, frozen=True, kw_only=True):
    """Of one browser: its session, also a copy of it, lets nobody in any more.

    At `until` it would have ended by itself.
    """

    TOPIC = "User:LoggedOut"

    session_id: UUID
    at: datetime
    until: datetime

    def apply(self, user: UserState) -> None:
        still = {
            session_id: until
            for session_id, until in user.ended_sessions.items()
            if until > self.at
        }
        user.ended_sessions = {**still, self.session_id: self.until}


class Joined(UserEvent, frozen=True, kw_only=True):
    """The user is in an organization, or has another role in it from now on."""

    TOPIC = "User:Joined"

    organization_id: UUID
    membership_id: UUID
    is_admin: bool = False
    by: UUID | None = None

    def apply(self, user: UserState) -> None:
        membership = Membership(
            membership_id=self.membership_id, is_admin=self.is_admin
        )
        user.memberships = {**user.memberships, self.organization_id: membership}


class Left(UserEvent, frozen=True, kw_only=True):
    TOPIC = "User:Left"

    organization_id: UUID
    by: UUID | None = None

    def apply(self, user: UserState) -> None:
        user.memberships = {
            organization_id: membership
            for organization_id, membership in user.memberships.items()
            if organization_id != self.organization_id
        }


class Deactivated(UserEvent, frozen=True, kw_only=True):
    TOPIC = "User:Deactivated"

    by: UUID | None = None

    def apply(self, user: UserState) -> None:
        user.rights = msgspec.structs.replace(user.rights, is_active=False)


class Erased(UserEvent, frozen=True, kw_only=True):
    """Nothing of the person is left but the id."""

    TOPIC = "User:Erased"

    by: UUID | None = None

    def apply(self, user: UserState) -> None:
        user.rights = Rights(is_active=False)
        user.memberships = {}
        user.token_hash = ""
        user.is_deleted = True
