"""Lists of accounts: whose each is, and the names that the vault knows for them."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from application.access import Account, Condition
from application.flashlog import Flashlog
from application.persons import Person, person_in, persons_in
from application.projections.views import Row, Views
from application.queries.groups import all_groups
from application.queries.lists import Query
from domain.errors import NotFoundError
from domain.user import User


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A row, the person behind it, and the memberships that may be seen."""

    row: Row
    person: Person
    memberships: Sequence[Row]


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """An account in words: names of groups, slugs of organizations and if a manager."""

    id: str
    username: str
    email: str
    is_active: bool
    is_superuser: bool
    groups: Sequence[str]
    organizations: Mapping[str, bool]
    created: str


def accounts_seen_by(account: Account) -> Query:
    """Return whom an account sees, newest first.

    Superusers see all; others those of the organizations that they manage, without
    superusers.
    """
    conditions: tuple[Condition, ...] = ()
    if not account.is_superuser:
        managed = account.seen("membership.organization_id", shared=False)
        member = Condition(
            "EXISTS (SELECT 1 FROM membership"  # noqa: S608
            f" WHERE membership.parent_id = account.id AND {managed.text})",
            managed.values,
        )
        conditions = (Condition("account.is_superuser = 0"), member)
    return Query(source="account", columns="account.*", conditions=conditions)


def account_seen_by(views: Views, account: Account, user_id: UUID) -> Row | None:
    """Return the row of a user whom an account sees."""
    query = accounts_seen_by(account)
    own = Condition("account.id = ?", (str(user_id),))
    found = msgspec.structs.replace(query, conditions=(*query.conditions, own)).page(
        views, limit=1, offset=0
    )
    return found[0] if found else None


def with_people(
    flashlog: Flashlog, account: Account, rows: Sequence[Row]
) -> list[Shown]:
    """Add people and memberships, as they are seen, each in one question for all."""
    persons = _persons(flashlog, rows)
    memberships = _memberships(flashlog.views, account, [row["id"] for row in rows])
    return [
        Shown(
            row=row,
            person=persons[row["id"]],
            memberships=memberships.get(row["id"], []),
        )
        for row in rows
    ]


def all_accounts(
    flashlog: Flashlog, *, organization_id: UUID | None = None
) -> list[Listed]:
    """Return all accounts, or those of one organization, newest first."""
    views = flashlog.views
    rows = views.all("account")
    persons = _persons(flashlog, rows)
    groups = {group.number: group.name for group in all_groups(views)}
    memberships: dict[str, dict[str, bool]] = {}
    wanted: set[str] = set()
    for row in views.rows(
        "SELECT membership.*, organization.slug FROM membership"
        " JOIN organization ON organization.id = membership.organization_id"
        " ORDER BY organization.slug"
    ):
        is_manager = bool(row["is_admin"])
        memberships.setdefault(row["parent_id"], {})[row["slug"]] = is_manager
        if organization_id and row["organization_id"] == str(organization_id):
            wanted.add(row["parent_id"])
    return [
        Listed(
            id=row["id"],
            username=persons[row["id"]].username,
            email=persons[row["id"]].email,
            is_active=bool(row["is_active"]),
            is_superuser=bool(row["is_superuser"]),
            groups=[
                groups[number]
                for number in msgspec.json.decode(row["group_numbers"], type=list[int])
                if number in groups
            ],
            organizations=memberships.get(row["id"], {}),
            created=row["created"],
        )
        for row in rows
        if organization_id is None or row["id"] in wanted
    ]


def organizations_of(views: Views, user_id: UUID) -> set[UUID]:
    """Return all organizations that a user is in."""
    found = views.rows(
        "SELECT organization.id FROM membership"
        " JOIN organization ON organization.id = membership.organization_id"
        " WHERE membership.parent_id = ?",
        [str(user_id)],
    )
    return {UUID(row["id"]) for row in found}


def _memberships(
    views: Views, account: Account, user_ids: Sequence[str]
) -> Mapping[str, list[Row]]:
    seen = account.seen("organization.id", shared=False)
    ids = msgspec.json.encode(user_ids).decode()
    by_user: dict[str, list[Row]] = {}
    for row in views.rows(
        "SELECT membership.* FROM membership"  # noqa: S608
        " JOIN organization ON organization.id = membership.organization_id"
        " WHERE membership.parent_id IN (SELECT value FROM json_each(?))"
        f" AND {seen.text}"
        " ORDER BY membership.parent_id, membership.place",
        [ids, *seen.values],
    ):
        by_user.setdefault(row["parent_id"], []).append(row)
    return by_user


def _persons(flashlog: Flashlog, rows: Sequence[Row]) -> dict[str, Person]:
    """Return who stands behind rows, by the rows' ids."""
    found = persons_in(flashlog.vault, [UUID(row["person_id"]) for row in rows])
    return {
        row["id"]: found.get(UUID(row["person_id"])) or _person(flashlog, row["id"])
        for row in rows
    }


def _person(flashlog: Flashlog, user_id: str) -> Person:
    """Return who it is by now: the entry that the row named was replaced."""
    try:
        user = flashlog.log.get(User, UUID(user_id))
        return person_in(flashlog.vault, user.person_id)
    except NotFoundError:
        return Person(username="")
