"""What the read models show of an aggregate: a module for each subject."""

from application.projections.rows import (
    batches,
    catalogue,
    inventory,
    operations,
    people,
)
from application.projections.rows.shown import Row, Showing, Shown, moment
from domain.base import Aggregate

__all__ = ["Row", "Shown", "moment", "shown"]

_SHOWN: Showing = {
    **operations.SHOWN,
    **inventory.SHOWN,
    **catalogue.SHOWN,
    **people.SHOWN,
    **batches.SHOWN,
}


def shown(aggregate: Aggregate) -> Shown | None:
    """Return the row that shows an aggregate, without its place and times, if any."""
    of_kind = _SHOWN.get(type(aggregate))
    if of_kind is None:
        return None
    found = of_kind(aggregate)
    if found.row is not None:
        found.row["id"] = str(aggregate.id)
    return found
