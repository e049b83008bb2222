"""Things by their id, as far as an account may see them; and which rows of a list.

`Kind.source` and `Kind.organization` say, for each table, whose its rows are.
"""

from collections.abc import Mapping
from uuid import UUID

import msgspec

from application.access import Account, Condition
from application.projections.views import Row, Views


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """What a table's rows are called, and the column of who owns one of them.

    `source` is a FROM clause that begins with the table. `is_shareable`: a row
    without an organization is seen by all; where it is not, nobody has such rows.
    """

    model: str
    source: str
    organization: str
    is_shareable: bool = False

    @property
    def table(self) -> str:
        return self.source.partition(" ")[0]


_BUILD = "build JOIN category ON category.id = build.category_id"
_IMAGE = (
    "image JOIN build ON build.id = image.build_id"
    " JOIN category ON category.id = build.category_id"
)
_OF_CATEGORY = "category.organization_id"


def _plain(model: str, table: str, *, is_shareable: bool = False) -> Kind:
    return Kind(
        model=model,
        source=table,
        organization=f"{table}.organization_id",
        is_shareable=is_shareable,
    )


KINDS: Mapping[str, Kind] = {
    "organization": Kind(
        model="Organization", source="organization", organization="organization.id"
    ),
    "category": _plain("Category", "category", is_shareable=True),
    "build": Kind(
        model="Build", source=_BUILD, organization=_OF_CATEGORY, is_shareable=True
    ),
    "image": Kind(
        model="FirmwareImage",
        source=_IMAGE,
        organization=_OF_CATEGORY,
        is_shareable=True,
    ),
    "device": _plain("Device", "device"),
    "device_group": _plain("DeviceGroup", "device_group"),
    "location": _plain("Location", "location"),
    "credentials": _plain("Credentials", "credentials", is_shareable=True),
    "operation": _plain("UpgradeOperation", "operation"),
    "batch": _plain("BatchUpgradeOperation", "batch", is_shareable=True),
}


def seen(
    account: Account, kind: Kind, *, organization_slug: str | None = None
) -> tuple[Condition, ...]:
    """Return what rows must be like for the account to see them in a list."""
    conditions = (account.seen(kind.organization, shared=kind.is_shareable),)
    if organization_slug is None:
        return conditions
    of_slug = (
        f"{kind.organization} IN (SELECT id FROM organization AS of_slug"  # noqa: S608
        " WHERE of_slug.slug = ?)"
    )
    return (*conditions, Condition(of_slug, (organization_slug,)))


def find(
    views: Views,
    account: Account,
    kind: Kind,
    thing_id: UUID,
    *,
    organization_slug: str | None = None,
) -> Row | None:
    """Return a row that the account may see, with whose it is as `organization_id`."""
    conditions = seen(account, kind, organization_slug=organization_slug)
    where = " AND ".join(condition.text for condition in conditions)
    values = [value for condition in conditions for value in condition.values]
    found = views.rows(
        f"SELECT {kind.table}.*, {kind.organization} AS organization_id"  # noqa: S608
        f" FROM {kind.source} WHERE {kind.table}.id = ? AND {where}",
        [str(thing_id), *values],
    )
    return found[0] if found else None
