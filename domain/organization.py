"""Who owns routers, images and people: the unit of tenancy."""

from uuid import NAMESPACE_URL, UUID, uuid5

from domain.base import Aggregate, Event

# Every installation has one organization from the start; a fixed id lets any number of
# processes make it at the same moment and only one succeed.
DEFAULT_ORGANIZATION_ID = uuid5(NAMESPACE_URL, "flashlog:organization:default")


class OrganizationEvent(Event, frozen=True, kw_only=True):
    """A fact of an organization."""


class Founded(OrganizationEvent, frozen=True, kw_only=True):
    TOPIC = "Organization:Founded"

    name: str
    slug: str
    by: UUID | None = None

    def apply(self, organization: "Organization") -> None:
        organization.name = self.name
        organization.slug = self.slug


class Organization(Aggregate):
    """A tenant."""

    name: str
    slug: str

    @classmethod
    def found(
        cls, organization_id: UUID, *, name: str, slug: str, by: UUID | None = None
    ) -> "Organization":
        organization = cls(organization_id)
        organization.record(Founded(name=name, slug=slug, by=by))
        return organization


OrganizationEvent.AGGREGATE = Organization
