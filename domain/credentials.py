"""How to log in to routers; the secret itself is in the vault."""

from uuid import UUID

from domain.base import Aggregate, Event


class CredentialsEvent(Event, frozen=True, kw_only=True):
    """A fact of credentials."""


class CredentialsCreated(CredentialsEvent, frozen=True, kw_only=True):
    """`secret_id` names the vault entry with a password or a private key."""

    TOPIC = "Credentials:Created"

    name: str
    organization_id: UUID | None
    username: str
    port: int
    secret_id: UUID
    by: UUID | None = None

    def apply(self, credentials: "Credentials") -> None:
        credentials.name = self.name
        credentials.organization_id = self.organization_id
        credentials.username = self.username
        credentials.port = self.port
        credentials.secret_id = self.secret_id


class Credentials(Aggregate):
    """A log-in that may be assigned to any number of devices."""

    name: str
    organization_id: UUID | None
    username: str
    port: int
    secret_id: UUID

    @classmethod
    def create(cls, credentials_id: UUID, created: CredentialsCreated) -> "Credentials":
        credentials = cls(credentials_id)
        credentials.record(created)
        return credentials


CredentialsEvent.AGGREGATE = Credentials
