"""Who belongs to which organization, and who owns it."""

from uuid import UUID, uuid4

from application.flashlog import Flashlog
from domain.base import Aggregate
from domain.errors import InvalidError
from domain.organization import Organization
from domain.user import Joined, User

OWNER_STAYS = (
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
) -> list[Aggregate]:
    """Record that a user belongs to an organization; the first manager owns it.

    Returns what is to be saved beside the user. Raises InvalidError, NotFoundError.
    """
    organization = flashlog.log.get(Organization, organization_id)
    known = user.memberships.get(organization_id)
    if known and known.is_admin == is_admin:
        return []
    if not is_admin:
        require_no_owner(organization, user.id)
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
        return [organization]
    return []


def require_no_owner(organization: Organization, user_id: UUID) -> None:
    """Refuse for the owner of an organization. Raises InvalidError."""
    if organization.owner_id == user_id:
        raise InvalidError.of("organization_users", OWNER_STAYS)


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
        others = join(flashlog, user, organization_id, is_admin=is_admin, by=by)
        return flashlog.log.append(user, *others)

    flashlog.show(flashlog.log.decide(change))
