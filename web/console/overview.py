"""The first page: what is running, what needs a person, what the fleet runs."""

from collections.abc import Sequence
from typing import Any

import msgspec
from flask import Response

from application.projections.views import Row
from application.queries import attention
from application.queries.batch_progress import Progress, progress
from application.queries.batches import batches
from application.queries.fleet_versions import Share, fleet_versions
from application.queries.lists import Query
from application.queries.tenancy import KINDS, seen
from web.api.authentication import asking
from web.console.rendering import show
from web.console.section import Section
from web.console.texts import marked
from web.state import flashlog

blueprint = Section("overview", words=marked("Overview"))

# How much of each list is shown before "and more".
_SHOWN = 8
_BATCHES_SHOWN = 5


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """The beginning of a list, and how long all of it is."""

    count: int
    rows: Sequence[Row]

    @property
    def more(self) -> int:
        return self.count - len(self.rows)


class Fleet(msgspec.Struct, frozen=True):
    """What the fleet runs: the commonest, and how many devices run all else."""

    count: int
    shares: Sequence[Share]

    @property
    def others(self) -> int:
        return self.count - sum(share.count for share in self.shares)


@blueprint.page("/")
def index() -> Response:
    """Show the fleet at a glance, as far as one may see it."""
    account = asking()
    of_batches = msgspec.structs.replace(
        batches(), conditions=seen(account, KINDS["batch"])
    )
    held = attention.held_batches(account, of_batches)
    values: dict[str, Any] = {}
    if account.may("view_upgradeoperation", "change_upgradeoperation"):
        values["running"] = _part(attention.in_progress(account))
        values["troubled"] = _part(attention.in_trouble(account))
    if account.may("view_batchupgradeoperation", "change_batchupgradeoperation"):
        values["held"] = _part(held)
        values["batches"] = last = _part(of_batches, size=_BATCHES_SHOWN)
        values["how_far"] = _how_far(last.rows)
    if account.may("view_device", "change_device"):
        values["unreachable"] = _part(attention.unreachable(account))
        values["fleet"] = _fleet()
    return show("overview.html", **values)


def _part(query: Query, *, size: int = _SHOWN) -> Part:
    views = flashlog().views
    return Part(count=query.count(views), rows=query.page(views, limit=size, offset=0))


def _how_far(rows: Sequence[Row]) -> dict[str, Progress]:
    """Return how far mass upgrades are by id, of what whoever asks may see of them."""
    return {row["id"]: progress(flashlog().views, asking(), row) for row in rows}


def _fleet() -> Fleet:
    shares = fleet_versions(flashlog().views, asking())
    count = sum(share.count for share in shares)
    return Fleet(count, shares[:_SHOWN])
