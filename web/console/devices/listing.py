"""All devices: searched, filtered, ordered, a page at a time; some of them chosen."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, request

from application.commands.claims import Claims
from application.commands.device_claims import secret_key
from application.projections.views import Row
from application.queries import choices
from application.queries.device_list import (
    ORDERS,
    STATES,
    Asked,
    devices_in_words,
    kinds,
    releases,
)
from application.queries.lists import Query
from web.api.authentication import asking
from web.api.bodies import as_uuid
from web.console.devices.section import SEE, blueprint
from web.console.listing import Listing
from web.console.rendering import show
from web.state import flashlog

# The filters, by the names that they have in a query string.
FILTERS = (
    "text",
    "group",
    "location",
    "organization",
    "model",
    "release",
    "state",
)
# A key is longer than anything that somebody types to search.
_KEY_LENGTH_MIN = 16


@blueprint.page("/devices/", *SEE)
def index() -> Response:
    """List devices, as far as they are asked for."""
    views, account = flashlog().views, asking()
    query = asked_devices(request.args)
    listing = Listing.of(
        query.count(views),
        lambda page: query.page(views, limit=page.size, offset=page.offset),
    )
    return show(
        "devices.html",
        listing=listing,
        asked=request.args,
        filters=[
            (name, value) for name in FILTERS if (value := request.args.get(name))
        ],
        kinds=[(each, each) for each in kinds(views, account)],
        releases=[(each, each) for each in releases(views, account)],
        groups=named("device_group"),
        locations=named("location"),
        organizations=[
            (row["id"], row["name"]) for row in choices.organizations(views, account)
        ],
    )


def asked_devices(asked: Mapping[str, str]) -> Query:
    """Return the devices that filters ask for, as far as whoever asks may see them.

    A filter that makes no sense finds nothing rather than everything.
    """
    text = asked.get("text", "").strip()
    state = asked.get("state", "")
    wanted = Asked(
        text=text,
        key_of=_holder_of_key(text),
        group_id=_id(asked, "group"),
        location_id=_id(asked, "location"),
        organization_id=_id(asked, "organization"),
        model=asked.get("model", ""),
        release=asked.get("release", ""),
        state=state if state in STATES else "",
        among=None if state in {"", *STATES} else (),
    )
    order = asked.get("order", "")
    return devices_in_words(
        asking(), wanted, order=order if order in ORDERS else "name"
    )


def named(table: str) -> list[tuple[str, str]]:
    """Return what may be chosen from a table: ids, and names with whose they are."""
    rows = choices.named(flashlog().views, asking(), table)
    several = len({row["organization"] for row in rows}) > 1
    return [(row["id"], _name(row, is_told=several)) for row in rows]


def _name(row: Row, *, is_told: bool) -> str:
    owner: Any = row["organization"] if is_told else None
    return f"{row['name']} ({owner})" if owner else str(row["name"])


def _id(asked: Mapping[str, str], name: str) -> UUID | None:
    value = asked.get(name)
    return (as_uuid(value) or UUID(int=0)) if value else None


def _holder_of_key(text: str) -> UUID | None:
    """Return the device that has this key: it is found by all of it, or not at all."""
    if len(text) < _KEY_LENGTH_MIN:
        return None
    return Claims(flashlog()).owner(secret_key(flashlog(), text))
