"""A person or program that may ask; who they are is in the vault, not in the log."""

from uuid import UUID

from domain.base import Aggregate, Event
from domain.errors import RefusedError


class UserEvent(Event, frozen=True, kw_only=True):
    """A fact of a user."""


class Registered(UserEvent, frozen=True, kw_only=True):
    """`person_id` names the vault entry with user name and e-mail."""

    TOPIC = "User:Registered"

    person_id: UUID
    password_id: UUID
    is_superuser: bool = False
    is_staff: bool = False
    by: UUID | None = None

    def apply(self, user: "User") -> None:
        user.person_id = self.person_id
        user.password_id = self.password_id
        user.is_superuser = self.is_superuser
        user.is_staff = self.is_staff


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


class Deactivated(UserEvent, frozen=True, kw_only=True):
    TOPIC = "User:Deactivated"

    by: UUID | None = None

    def apply(self, user: "User") -> None:
        user.is_active = False


class User(Aggregate):
    """An account; one token at a time."""

    person_id: UUID
    password_id: UUID
    is_superuser: bool
    is_staff: bool

    def __init__(self, aggregate_id: UUID) -> None:
        super().__init__(aggregate_id)
        self.is_active = True
        self.token_id: UUID | None = None
        self.token_hash = ""

    @classmethod
    def register(cls, user_id: UUID, registered: Registered) -> "User":
        user = cls(user_id)
        user.record(registered)
        return user

    def change_password(self, password_id: UUID, *, by: UUID | None = None) -> None:
        self.record(PasswordChanged(password_id=password_id, by=by))

    def issue_token(self, issued: TokenIssued) -> None:
        if not self.is_active:
            msg = "the user is not active"
            raise RefusedError(msg)
        self.record(issued)

    def deactivate(self, *, by: UUID | None = None) -> None:
        if self.is_active:
            self.record(Deactivated(by=by))


UserEvent.AGGREGATE = User
