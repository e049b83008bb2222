"""Whose events are, and who may see them: for the feed, and wherever events are shown.

Where things belong is noted by the read models, so events are asked about no sooner
than those have come to them.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Self
from uuid import UUID

import msgspec

from application.access import Account
from application.projections.belonging import RULES, rule_of
from application.projections.views import Row, Views
from domain.base import Event

# In one statement, so that all of it is of one moment.
_CHAINS = """
WITH RECURSIVE chain (leaf, depth, id, organization_id, parent_id, batch_id) AS (
  SELECT own.id, 0, own.id, own.organization_id, own.parent_id, own.batch_id
  FROM json_each(?) AS asked JOIN belonging AS own ON own.id = asked.value
  UNION ALL
  SELECT chain.leaf, chain.depth + 1, above.id, above.organization_id,
    above.parent_id, above.batch_id
  FROM chain JOIN belonging AS above ON above.id = chain.parent_id
  WHERE chain.organization_id IS NULL
)
SELECT *, (SELECT position FROM progress WHERE name = 'views') AS position FROM chain
UNION ALL
SELECT '', 0, '', NULL, NULL, NULL, (SELECT position FROM progress
  WHERE name = 'views')
ORDER BY 1, 2
"""
_MODELS = frozenset(rule.model for rule in RULES.values() if rule.model)


class Belonging(msgspec.Struct, frozen=True, kw_only=True):
    """Whose an event is and what it is about.

    `about`: the ids of the thing, of what it is a part of, of its batch. `model`: what
    may be viewed by who may see it; blank for what superusers alone see.
    """

    model: str
    organization_id: str | None
    is_shared: bool
    about: frozenset[str]


class Viewer(msgspec.Struct, frozen=True, kw_only=True):
    """What of all events an account may see; equal for accounts that see the same."""

    is_superuser: bool
    models: frozenset[str] = frozenset()
    organizations: frozenset[str] = frozenset()

    @classmethod
    def of(cls, account: Account) -> Self:
        if account.is_superuser:
            return cls(is_superuser=True)
        return cls(
            is_superuser=False,
            models=frozenset(
                model
                for model in _MODELS
                if account.may(f"view_{model}", f"change_{model}")
            ),
            organizations=frozenset(map(str, account.manages)),
        )

    def sees(self, belonging: Belonging) -> bool:
        if self.is_superuser:
            return True
        return belonging.model in self.models and (
            belonging.is_shared or belonging.organization_id in self.organizations
        )

    def sees_anything(self) -> bool:
        return self.is_superuser or bool(self.models and self.organizations)


def belongings(views: Views, events: Sequence[Event]) -> tuple[int, list[Belonging]]:
    """Tell whose events are, and how far the read models have come that say so.

    Where they are behind an event, nothing of what is said of it counts.
    """
    asked = {str(event.originator_id) for event in events}
    rows = views.rows(_CHAINS, [msgspec.json.encode(sorted(asked)).decode()])
    chains: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        chains[row["leaf"]].append(row)
    position = int(chains[""][0]["position"] or 0)
    return position, [
        _belonging(event, chains[str(event.originator_id)]) for event in events
    ]


def organization_of(views: Views, thing_id: UUID) -> str | None:
    """Return whose a thing is or, when it was deleted, was; None for nobody's."""
    rows = views.rows(_CHAINS, [msgspec.json.encode([str(thing_id)]).decode()])
    return str(rows[-1]["organization_id"]) if rows[-1]["organization_id"] else None


def _belonging(event: Event, chain: Sequence[Row]) -> Belonging:
    rule = rule_of(event.AGGREGATE)
    last = chain[-1] if chain else None
    ends_here = last is not None and last["parent_id"] is None
    organization_id = last["organization_id"] if last is not None else None
    batches = {row["batch_id"] for row in chain if row["batch_id"]}
    return Belonging(
        model=rule.model,
        organization_id=organization_id,
        is_shared=rule.is_shareable and ends_here and organization_id is None,
        about=frozenset({str(event.originator_id), *batches})
        | {row["id"] for row in chain},
    )
