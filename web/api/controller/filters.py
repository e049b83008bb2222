"""Query parameters that choose rows of the inventory."""

from flask import request

from application.access import ALL, Condition
from application.queries.folding import folded
from web.api.described import Parameter
from web.api.lookup import reference, seen

_TRUE, _FALSE = {"true", "True", "1"}, {"false", "False", "0"}
# What no row fulfils.
NONE = Condition("1 = 0")

OF_ORGANIZATION = (
    Parameter(name="organization", meaning="id of the organization", format="uuid"),
    Parameter(name="organization_slug", meaning="slug of the organization"),
)


def of_organization(table: str) -> tuple[Condition, ...]:
    """Return what rows must be like: seen, and of the organization asked for."""
    slug = request.args.get("organization_slug") or None
    organization_id = reference("organization", "organization")
    column = f"{table}.organization_id"
    return (*seen(table, slug=slug), equal(column, organization_id))


def of_reference(name: str, table: str, column: str) -> Condition:
    """Return the condition that a row refers to what is asked for."""
    return equal(column, reference(name, table))


def equal(column: str, value: object) -> Condition:
    return ALL if value is None else Condition(f"{column} = ?", (str(value),))


def contains(name: str, column: str) -> Condition:
    """Return the condition that a text contains another, in either case."""
    text = request.args.get(name)
    if not text:
        return ALL
    return Condition(f"instr(lower({column}), ?) > 0", (folded(text),))


def truth(name: str) -> bool | None:
    """Return a yes or no; None for anything else."""
    text = request.args.get(name, "")
    return True if text in _TRUE else False if text in _FALSE else None
