"""Delete organizations that own nothing, also where something is just being added."""

from uuid import UUID

from application.commands.organizations import claim_slug
from application.commands.standing import up_to_now
from application.flashlog import Flashlog
from domain import catalogue, credentials, device_group, location
from domain.device import events as device
from domain.errors import RefusedError
from domain.organization import DEFAULT_ORGANIZATION_ID, Organization

# What an organization may own: its table, and how it is called where it is in the way.
_BELONGINGS = {
    "device": "devices",
    "category": "categories",
    "credentials": "credentials",
    "device_group": "device groups",
    "location": "locations",
}
# The events by which it comes to own something.
_COMES_BY = tuple(
    event.TOPIC
    for event in (
        device.Registered,
        device.Changed,
        catalogue.CategoryCreated,
        catalogue.CategoryChanged,
        credentials.CredentialsCreated,
        credentials.CredentialsChanged,
        device_group.GroupCreated,
        device_group.GroupChanged,
        location.LocationCreated,
        location.LocationChanged,
    )
)


def delete_organization(
    flashlog: Flashlog, *, organization_id: UUID, by: UUID | None = None
) -> None:
    """Delete an organization that owns nothing. Raises RefusedError, NotFoundError."""
    if organization_id == DEFAULT_ORGANIZATION_ID:
        msg = "The default organization cannot be deleted, only be given another name."
        raise RefusedError(msg)

    def delete() -> int:
        # What came meanwhile may be the organization's: then it is looked at again.
        nothing_new = up_to_now(flashlog, _COMES_BY)
        organization = flashlog.log.get(Organization, organization_id)
        _require_empty(flashlog, organization_id)
        slug = organization.slug
        claims = claim_slug(flashlog, organization_id, "", before=slug)
        organization.delete(by=by)
        return flashlog.log.append(organization, *claims, none_since=nothing_new)

    flashlog.show(flashlog.log.decide(delete))


def _require_empty(flashlog: Flashlog, organization_id: UUID) -> None:
    """Refuse where the organization owns something. Raises RefusedError."""
    left = [
        name
        for table, name in _BELONGINGS.items()
        if flashlog.views.rows(
            f"SELECT 1 FROM {table} WHERE organization_id = ? LIMIT 1",  # noqa: S608
            [str(organization_id)],
        )
    ]
    if left:
        msg = f"The organization still has {', '.join(left)}: delete them first."
        raise RefusedError(msg)
