"""Which devices ran a firmware between two moments, and for how long."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Response, request
from marshmallow import Schema, fields

from application.errors import InvalidError
from application.past.exposure import (
    COLUMNS,
    Wanted,
    exposed,
    in_words,
    lines,
)
from application.past.moments import Moment, moment_of, now_of, start_of
from application.queries.ever_seen import images_ever_of, is_ever_seen
from web.api.authentication import asking
from web.api.bodies import as_uuid
from web.api.described import Description, Parameter, described
from web.api.fields import NO_CHOICE, NOT_A_UUID
from web.api.firmware_upgrader.fleet.shapes import (
    OF_ORGANIZATION,
    SeenShown,
    devices_seen,
)
from web.api.pages import Page, paginated
from web.api.past import patiently
from web.api.tables import CSV, TableResource, csv_answer, wants_csv
from web.state import flashlog

_ASKED = ("release", "image", "build")


class IntervalShown(SeenShown):
    """When a device ran it; `goes_on` where it still did at `to`.

    `time`, `position` and the rest are of when and how that was seen first.
    """

    from_ = fields.DateTime(data_key="from")
    to = fields.DateTime()
    goes_on = fields.Boolean()
    seconds = fields.Float()


class ExposedShown(Schema):
    """A device, when it ran what is asked for, and for how many seconds in all."""

    device = fields.UUID()
    device_name = fields.String()
    seconds = fields.Float()
    intervals = fields.List(fields.Nested(IntervalShown))


@described(
    Description(
        answers={HTTPStatus.OK: ExposedShown},
        is_list=True,
        also_as=(CSV,),
        query=(
            Parameter(name="release", meaning="of the firmware, as routers say it"),
            Parameter(name="image", meaning="that was installed", format="uuid"),
            Parameter(name="build", meaning="that was installed", format="uuid"),
            Parameter(name="from", meaning="position or date/time; default the start"),
            Parameter(name="to", meaning="position or date/time; default now"),
            Parameter(name="format", meaning="form of answer", choices=("json", "csv")),
            OF_ORGANIZATION,
        ),
        refusals=(HTTPStatus.CONFLICT,),
    )
)
def _list() -> Response:
    """List the devices that ran it, and when; CSV has a line for each time.

    Of release, image and build those that are asked for must fit; without any, all
    firmware does. A device is known to run what was found on it, or verified there
    after an upgrade, until something else is or it is deleted.
    """
    wanted = _wanted()
    start = _moment("from") or start_of(flashlog())
    end = _moment("to") or now_of(flashlog())
    if start.position > end.position or start.at > end.at:
        raise InvalidError.of("from", "This is later than `to`.")
    with patiently() as patience:
        found = list(
            exposed(
                flashlog(),
                devices_seen(),
                wanted,
                start=start,
                end=end,
                patience=patience,
            )
        )
    if wants_csv():
        return csv_answer("exposure", COLUMNS, lines(flashlog(), asking(), found))

    def rows(page: Page) -> list[dict[str, Any]]:
        shown = found[page.offset : page.offset + page.size]
        return in_words(flashlog(), asking(), shown)

    return paginated(len(found), rows)


def _wanted() -> Wanted:
    """Read which firmware is asked for. Raises InvalidError."""
    asked = {name: value for name in _ASKED if (value := request.args.get(name))}
    wanted = None
    if "image" in asked:
        wanted = {_id("image", asked["image"])}
    if "build" in asked:
        of_build = images_ever_of(flashlog(), _id("build", asked["build"]))
        wanted = of_build if wanted is None else wanted & of_build
    return Wanted(release=asked.get("release"), image_ids=wanted)


def _id(kind: str, text: str) -> UUID:
    """Return the id of a thing that there ever was. Raises InvalidError."""
    found = as_uuid(text)
    if found is None:
        raise InvalidError.of(kind, NOT_A_UUID)
    if not is_ever_seen(flashlog(), asking(), kind, found):
        raise InvalidError.of(kind, NO_CHOICE)
    return found


def _moment(name: str) -> Moment | None:
    text = request.args.get(name)
    return moment_of(flashlog(), name, text) if text else None


EXPOSURE = TableResource("fleet-exposure", model="device", get=_list)
