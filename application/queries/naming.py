"""Who people are, told to those who may see them."""

from collections.abc import Collection, Mapping
from uuid import UUID

import msgspec

from application.access import Account, Condition
from application.flashlog import Flashlog
from application.persons import persons_in
from application.queries.accounts import accounts_seen_by
from application.queries.people import name_of


def names_seen(
    flashlog: Flashlog, account: Account, user_ids: Collection[UUID]
) -> Mapping[UUID, str]:
    """Return the names of those users whom an account may see, and its own."""
    ids = msgspec.json.encode(sorted(map(str, user_ids))).decode()
    conditions = [Condition("account.id IN (SELECT value FROM json_each(?))", (ids,))]
    own = Condition("account.id = ?", (str(account.user_id),))
    query = accounts_seen_by(account)
    if not account.may("view_user", "change_user"):
        conditions.append(own)
    elif query.conditions:
        text = " AND ".join(each.text for each in query.conditions)
        values = [value for each in query.conditions for value in each.values]
        seen = Condition(f"({own.text} OR ({text}))", (*own.values, *values))
        conditions.append(seen)
    rows = msgspec.structs.replace(query, conditions=tuple(conditions)).all(
        flashlog.views
    )
    people = {UUID(row["id"]): UUID(row["person_id"]) for row in rows}
    persons = persons_in(flashlog.vault, list(people.values()))
    names = {
        user_id: persons[person_id].username
        for user_id, person_id in people.items()
        if person_id in persons
    }
    if account.is_superuser:
        # Erased, or renamed in this moment.
        missing = set(user_ids) - names.keys()
        names |= {user_id: name_of(flashlog, user_id) for user_id in missing}
    return names
