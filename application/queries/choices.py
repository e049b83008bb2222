"""What an account may choose from in a form: ids with the names people know."""

from application.access import Account
from application.projections.views import Row, Views
from application.queries import tenancy
from application.queries.lists import Order, Query

# More than anybody looks through; who has more narrows them down first.
_MOST = 1000


def organizations(views: Views, account: Account) -> list[Row]:
    """Return id, name and slug of those that an account manages, by name."""
    kind = tenancy.KINDS["organization"]
    query = Query(
        source=kind.source,
        columns="organization.id, organization.name, organization.slug",
        conditions=tenancy.seen(account, kind),
        orders=(Order(("lower(organization.name)",), descending=False),),
    )
    return query.page(views, limit=_MOST, offset=0)


def named(
    views: Views, account: Account, table: str, *, organization_slug: str | None = None
) -> list[Row]:
    """Return id and name of the rows of a table, and the name of their organization.

    `table` is a key of `application.queries.tenancy.KINDS` that has names.
    """
    return _page(views, account, table, f"{table}.name", organization_slug)


def builds(
    views: Views, account: Account, *, organization_slug: str | None = None
) -> list[Row]:
    """Return the builds, newest first, with version and category as their name."""
    words = "category.name || ' ' || build.version"
    found = _page(views, account, "build", words, organization_slug, newest_first=True)
    return list(found)


def _page(
    views: Views,
    account: Account,
    table: str,
    words: str,
    organization_slug: str | None,
    *,
    newest_first: bool = False,
) -> list[Row]:
    kind = tenancy.KINDS[table]
    owner = " LEFT JOIN organization AS owner ON owner.id = " + kind.organization
    order = (
        Order((f"{table}.position",))
        if newest_first
        else Order((f"lower({words})",), descending=False)
    )
    query = Query(
        source=kind.source + owner,
        columns=f"{table}.id, {words} AS name, owner.name AS organization",
        conditions=tenancy.seen(account, kind, organization_slug=organization_slug),
        orders=(order,),
    )
    return query.page(views, limit=_MOST, offset=0)
