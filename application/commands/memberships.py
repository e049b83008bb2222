"""Who belongs to which organization, and who owns it."""

from uuid import UUID, uuid4

from application.flashlog import Flashlog
from domain.errors import InvalidError
from domain.organization import Organization
from domain.user import Joined, User

_OWNER_STAYS = (
    "The owner of an organization stays a manager of it: "
    "let somebody else own it first."
)


def join(
    flashlog: Flashlog,
    user: User,
    organization_id: UUID,
    *,
    is_admin: bool,
    by: UUID | None,
) -> Organization:
    """Record that a user has a role in an organization; the first manager owns it.

    Returns the organization, which must be saved with the user or be `untouched`.
    Raises InvalidError for its owner, NotFoundError.
    """
    organization = flashlog.log.get(Organization, organization_id)
    known = user.memberships.get(organization_id)
    if known and known.is_admin == is_admin:
        return organization
    if not is_admin:
        _require_no_owner(organization, user.id)
    user.join(
        Joined(
            organization_id=organization_id,
            membership_id=known.membership_id if known else uuid4(),
            is_admin=is_admin,
            by=by,
        )
    )
    if is_admin and organization.owner_id is None:
        organization.give_to(user.id, by=by)
    return organization


def toggle(
    flashlog: Flashlog,
    user: User,
    organization_id: UUID,
    *,
    is_admin: bool,
    by: UUID | None,
) -> Organization:
    """Record a role in an organization; who has this very role leaves it.

    Returns and raises as `join`.
    """
    known = user.memberships.get(organization_id)
    if known is None or known.is_admin != is_admin:
        return join(flashlog, user, organization_id, is_admin=is_admin, by=by)
    organization = flashlog.log.get(Organization, organization_id)
    _require_no_owner(organization, user.id)
    user.leave(organization_id, by=by)
    return organization


def untouched(*organizations: Organization) -> list[Organization]:
    """Return those that nothing is saved of, but that must not change meanwhile."""
    return [each for each in organizations if not each.has_news]


def set_membership(
    flashlog: Flashlog,
    *,
    user_id: UUID,
    organization_id: UUID,
    is_admin: bool,
    by: UUID | None = None,
) -> None:
    """Let a user be in an organization in this role. Raises InvalidError."""

    def change() -> int:
        user = flashlog.log.get(User, user_id)
        organization = join(flashlog, user, organization_id, is_admin=is_admin, by=by)
        return flashlog.log.append(
            user, organization, unchanged=untouched(organization)
        )

    flashlog.show(flashlog.log.decide(change))


def _require_no_owner(organization: Organization, user_id: UUID) -> None:
    """Refuse for the owner of an organization. Raises InvalidError."""
    if organization.owner_id == user_id:
        raise InvalidError.of("organization_users", _OWNER_STAYS)
