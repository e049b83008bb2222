"""Who owns routers, images and people: the unit of tenancy."""

from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from domain.base import Aggregate, Event

# Every installation has one organization from the start; a fixed id lets any number of
# processes make it at the same moment and only one succeed.
DEFAULT_ORGANIZATION_ID = uuid5(NAMESPACE_URL, "flashlog:organization:default")
# In which a slug is reserved for one organization.
SLUG_SCOPE = "organization/slug"


class OrganizationEvent(Event, frozen=True, kw_only=True):
    """A fact of an organization."""


class OrganizationFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of an organization."""

    name: str
    slug: str
    is_active: bool = True
    description: str = ""
    email: str = ""
    url: str = ""


class Founded(OrganizationEvent, frozen=True, kw_only=True):
    TOPIC = "Organization:Founded"

    name: str
    slug: str
    is_active: bool = True
    description: str = ""
    email: str = ""
    url: str = ""
    by: UUID | None = None

    def apply(self, organization: "Organization") -> None:
        organization.facts = msgspec.convert(
            self, OrganizationFacts, from_attributes=True
        )


class Changed(OrganizationEvent, frozen=True, kw_only=True):
    """The whole of it as it is from now on."""

    TOPIC = "Organization:Changed"

    name: str
    slug: str
    is_active: bool = True
    description: str = ""
    email: str = ""
    url: str = ""
    by: UUID | None = None

    def apply(self, organization: "Organization") -> None:
        organization.facts = msgspec.convert(
            self, OrganizationFacts, from_attributes=True
        )


class OwnerChanged(OrganizationEvent, frozen=True, kw_only=True):
    """`owner_id` is the user who must stay a manager of it; None: nobody."""

    TOPIC = "Organization:OwnerChanged"

    owner_id: UUID | None
    by: UUID | None = None

    def apply(self, organization: "Organization") -> None:
        organization.owner_id = self.owner_id


class Deleted(OrganizationEvent, frozen=True, kw_only=True):
    TOPIC = "Organization:Deleted"

    by: UUID | None = None

    def apply(self, organization: "Organization") -> None:
        organization.is_deleted = True


class Organization(Aggregate):
    """A tenant."""

    facts: OrganizationFacts

    def __init__(self, aggregate_id: UUID) -> None:
        super().__init__(aggregate_id)
        self.owner_id: UUID | None = None

    @property
    def name(self) -> str:
        return self.facts.name

    @property
    def slug(self) -> str:
        return self.facts.slug

    @classmethod
    def found(
        cls,
        organization_id: UUID,
        *,
        name: str,
        slug: str,
        is_active: bool = True,
        description: str = "",
        email: str = "",
        url: str = "",
        by: UUID | None = None,
    ) -> "Organization":
        organization = cls(organization_id)
        organization.record(
            Founded(
                name=name,
                slug=slug,
                is_active=is_active,
                description=description,
                email=email,
                url=url,
                by=by,
            )
        )
        return organization

    def change(self, facts: OrganizationFacts, *, by: UUID | None = None) -> None:
        if facts != self.facts:
            self.record(Changed(**msgspec.structs.asdict(facts), by=by))

    def give_to(self, owner_id: UUID | None, *, by: UUID | None = None) -> None:
        """Let a manager be the owner."""
        if owner_id != self.owner_id:
            self.record(OwnerChanged(owner_id=owner_id, by=by))

    def delete(self, *, by: UUID | None = None) -> None:
        self.record(Deleted(by=by))


OrganizationEvent.AGGREGATE = Organization
