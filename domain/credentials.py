"""How to log in to routers; the secret itself is in the vault."""

from uuid import UUID

from domain.base import Aggregate, Event

PASSWORD, KEY = "password", "key"


class CredentialsEvent(Event, frozen=True, kw_only=True):
    """A fact of credentials."""


class CredentialsCreated(CredentialsEvent, frozen=True, kw_only=True):
    """`secret_id` names the vault entry with the secret, a `password` or a `key`.

    Without an organization all share them. With `auto_add` every device of the
    organization gets them.
    """

    TOPIC = "Credentials:Created"

    name: str
    organization_id: UUID | None
    username: str
    port: int
    secret_id: UUID
    secret_kind: str = PASSWORD
    auto_add: bool = False
    connector: str = ""
    by: UUID | None = None

    def apply(self, credentials: "Credentials") -> None:
        _describe(credentials, self)


class CredentialsChanged(CredentialsEvent, frozen=True, kw_only=True):
    """All that is said of them from now on."""

    TOPIC = "Credentials:Changed"

    name: str
    organization_id: UUID | None
    username: str
    port: int
    secret_id: UUID
    secret_kind: str = PASSWORD
    auto_add: bool = False
    connector: str = ""
    by: UUID | None = None

    def apply(self, credentials: "Credentials") -> None:
        _describe(credentials, self)


class CredentialsDeleted(CredentialsEvent, frozen=True, kw_only=True):
    """Their secret is gone from the vault, too."""

    TOPIC = "Credentials:Deleted"

    by: UUID | None = None

    def apply(self, credentials: "Credentials") -> None:
        credentials.is_deleted = True


class Credentials(Aggregate):
    """A log-in that may be assigned to any number of devices."""

    name: str
    organization_id: UUID | None
    username: str
    port: int
    secret_id: UUID
    secret_kind: str
    auto_add: bool
    connector: str  # blank: SSH

    @classmethod
    def create(cls, credentials_id: UUID, created: CredentialsCreated) -> "Credentials":
        credentials = cls(credentials_id)
        credentials.record(created)
        return credentials

    def change(self, changed: CredentialsChanged) -> None:
        self.record(changed)

    def delete(self, *, by: UUID | None = None) -> None:
        self.record(CredentialsDeleted(by=by))


def _describe(
    credentials: Credentials, told: CredentialsCreated | CredentialsChanged
) -> None:
    credentials.name = told.name
    credentials.organization_id = told.organization_id
    credentials.username = told.username
    credentials.port = told.port
    credentials.secret_id = told.secret_id
    credentials.secret_kind = told.secret_kind
    credentials.auto_add = told.auto_add
    credentials.connector = told.connector


CredentialsEvent.AGGREGATE = Credentials
