"""A person or program that may ask; who they are is in the vault, not in the log."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

import msgspec

from domain.base import Aggregate, Event
from domain.errors import RefusedError


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

    def apply(self, user: "User") -> None:
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

    def apply(self, user: "User") -> None:
        user.person_id = self.person_id
        user.rights = msgspec.convert(self, Rights, from_attributes=True)


class PasswordChanged(UserEvent, frozen=True, kw_only=True):
    TOPIC = "User:PasswordChanged"

    password_id: UUID
    by: UUID | None = None

    def apply(self, user: "User") -> None:
        user.password_id = self.password_id


class TokenIssued(UserEvent, frozen=True, kw_only=True):
    """`token_id` names the vault entry; the hash recognises the token when shown."""

    TOPIC = "User:TokenIssued"

    token_id: UUID
    token_hash: str
    by: UUID | None = None

    def apply(self, user: "User") -> None:
        user.token_id = self.token_id
        user.token_hash = self.token_hash


class LoggedIn(UserEvent, frozen=True, kw_only=True):
    """With a browser; who shows a token says who they are anew each time."""

    TOPIC = "User:LoggedIn"

    at: datetime

    def apply(self, user: "User") -> None:
        user.last_login = self.at


class Joined(UserEvent, frozen=True, kw_only=True):
    """The user is in an organization, or has another role in it from now on."""

    TOPIC = "User:Joined"

    organization_id: UUID
    membership_id: UUID
    is_admin: bool = False
    by: UUID | None = None

    def apply(self, user: "User") -> None:
        membership = Membership(
            membership_id=self.membership_id, is_admin=self.is_admin
        )
        user.memberships = {**user.memberships, self.organization_id: membership}


class Left(UserEvent, frozen=True, kw_only=True):
    TOPIC = "User:Left"

    organization_id: UUID
    by: UUID | None = None

    def apply(self, user: "User") -> None:
        user.memberships = {
            organization_id: membership
            for organization_id, membership in user.memberships.items()
            if organization_id != self.organization_id
        }


class Deactivated(UserEvent, frozen=True, kw_only=True):
    TOPIC = "User:Deactivated"

    by: UUID | None = None

    def apply(self, user: "User") -> None:
        user.rights = msgspec.structs.replace(user.rights, is_active=False)


class Erased(UserEvent, frozen=True, kw_only=True):
    """Nothing of the person is left but the id."""

    TOPIC = "User:Erased"

    by: UUID | None = None

    def apply(self, user: "User") -> None:
        user.rights = Rights(is_active=False)
        user.memberships = {}
        user.token_hash = ""
        user.is_deleted = True


class User(Aggregate):
    """An account; one token at a time."""

    person_id: UUID
    password_id: UUID
    rights: Rights

    def __init__(self, aggregate_id: UUID) -> None:
        super().__init__(aggregate_id)
        self.memberships: Mapping[UUID, Membership] = {}
        self.token_id: UUID | None = None
        self.token_hash = ""
        self.last_login: datetime | None = None

    @property
    def is_active(self) -> bool:
        return self.rights.is_active

    @property
    def is_superuser(self) -> bool:
        return self.rights.is_superuser

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
