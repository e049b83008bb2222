"""Organizations: found, change, find them; let somebody own them."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

import msgspec

from application.commands.claims import Claims, Key, TakenError
from application.flashlog import Flashlog
from application.persons import NO_EMAIL, NO_URL, is_email, is_url
from domain.errors import InvalidError, NotFoundError
from domain.organization import (
    SLUG_SCOPE,
    Founded,
    Organization,
    OrganizationFacts,
)
from domain.reservation import Reservation
from domain.user import User

_NAME_LENGTH_MAX = 200
_SLUG = re.compile(rf"[-a-zA-Z0-9_]{{1,{_NAME_LENGTH_MAX}}}")
_TAKEN = "organization with this slug already exists."


class SlugTakenError(TakenError):
    """Another organization, `owner_id`, has the slug."""

    def __init__(self, fields: Mapping[str, Any], owner_id: UUID | None) -> None:
        super().__init__(fields)
        self.owner_id = owner_id


def found_organization(
    flashlog: Flashlog,
    facts: Mapping[str, Any],
    *,
    organization_id: UUID | None = None,
    by: UUID | None = None,
) -> UUID:
    """Make an organization of fields of `OrganizationFacts`. Raises InvalidError."""
    said = OrganizationFacts(**facts)
    _check(said)
    organization_id = organization_id or uuid4()

    def found() -> int:
        if flashlog.log.recorder.version_of(organization_id):
            raise InvalidError.of("id", "Something has this id already.")
        claims = claim_slug(flashlog, organization_id, said.slug)
        organization = Organization(organization_id)
        organization.record(Founded(**msgspec.structs.asdict(said), by=by))
        return flashlog.log.append(organization, *claims)

    flashlog.show(flashlog.log.decide(found))
    return organization_id


def change_organization(
    flashlog: Flashlog,
    *,
    organization_id: UUID,
    changes: Mapping[str, Any],
    owner: Mapping[str, UUID | None] | None = None,
    by: UUID | None = None,
) -> None:
    """Change fields of `OrganizationFacts`, and who owns it.

    `owner` names a membership under `organization_user`, or None for nobody. Raises
    InvalidError.
    """

    def change() -> int:
        organization = flashlog.log.get(Organization, organization_id)
        before = organization.facts
        facts = msgspec.structs.replace(before, **changes)
        _check(facts)
        claims = claim_slug(flashlog, organization_id, facts.slug, before=before.slug)
        organization.change(facts, by=by)
        owners: list[User] = []
        if owner is not None:
            member = _member(flashlog, organization_id, owner["organization_user"])
            organization.give_to(member.id if member else None, by=by)
            owners = [member] if member else []
        return flashlog.log.append(organization, *claims, unchanged=owners)

    flashlog.show(flashlog.log.decide(change))


def find_organization(flashlog: Flashlog, slug: str) -> UUID:
    """Find an organization by its slug. Raises NotFoundError."""
    found = flashlog.views.rows("SELECT id FROM organization WHERE slug = ?", [slug])
    if not found:
        msg = (
            f"there is no organization {slug!r}: "
            "`flashlog organization list` shows those there are"
        )
        raise NotFoundError(msg)
    return UUID(found[0]["id"])


def _check(facts: OrganizationFacts) -> None:
    """Raise InvalidError naming every wrong field."""
    wrong = {}
    if not 0 < len(facts.name) <= _NAME_LENGTH_MAX or not facts.name.isprintable():
        wrong["name"] = [f"Give a name of 1 to {_NAME_LENGTH_MAX} characters."]
    if not _SLUG.fullmatch(facts.slug):
        wrong["slug"] = [
            "Enter a valid slug of letters, numbers, underscores or hyphens."
        ]
    if facts.email and not is_email(facts.email):
        wrong["email"] = [NO_EMAIL]
    if facts.url and not is_url(facts.url):
        wrong["url"] = [NO_URL]
    if wrong:
        raise InvalidError(wrong)


def claim_slug(
    flashlog: Flashlog, organization_id: UUID, slug: str, *, before: str = ""
) -> Sequence[Reservation]:
    """Claim a slug, and release the one of before. Raises SlugTakenError."""
    claims = Claims(flashlog)
    old, new = _slug_key(before), _slug_key(slug)
    claims.move("slug", old, new, organization_id, taken=_TAKEN)
    if new and claims.wrong:
        raise SlugTakenError(claims.wrong, claims.owner(new))
    return claims.granted()


def _slug_key(slug: str) -> Key | None:
    return Key(SLUG_SCOPE, slug) if slug else None


def _member(
    flashlog: Flashlog, organization_id: UUID, membership_id: UUID | None
) -> User | None:
    if membership_id is None:
        return None
    found = flashlog.views.rows(
        "SELECT parent_id FROM membership WHERE id = ? AND organization_id = ?",
        [str(membership_id), str(organization_id)],
    )
    user = flashlog.log.find(User, UUID(found[0]["parent_id"])) if found else None
    if user is None or organization_id not in user.memberships:
        raise InvalidError(
            {"owner": {"organization_user": ["Invalid pk - object does not exist."]}}
        )
    return user
