"""Images whatever build they are of: find the one that somebody means."""

from http import HTTPStatus
from typing import Any

from flask import Response, request
from marshmallow import fields

from application.access import Condition
from application.projections.views import Row
from application.queries.catalogue import images
from application.queries.folding import begins
from web.api import filters
from web.api.described import Description, Parameter, described
from web.api.firmware_upgrader.categories import OF_ORGANIZATION, ORDERING
from web.api.firmware_upgrader.images import ORDERS, ImageShown, image_object
from web.api.listing import listed, ordered
from web.api.lookup import reference, seen
from web.api.resource import Resource

_EXACT = {
    "file_name": "image.file_name",
    "release": "image.release",
    "version": "build.version",
}


class ImageOfBuildShown(ImageShown):
    """A firmware image with what it says of itself, and the names of where it is."""

    version = fields.String(metadata={"description": "of its build"})
    category = fields.String(metadata={"description": "name of the category"})
    release = fields.String()
    revision = fields.String()
    compat_version = fields.String()


@described(
    Description(
        answers={HTTPStatus.OK: ImageOfBuildShown},
        is_list=True,
        query=[
            Parameter(name="build", meaning="Of this build.", format="uuid"),
            filters.BY_ID,
            Parameter(name="file_name", meaning="Its exact file name."),
            Parameter(
                name="sha256__startswith", meaning="Its checksum, or how that begins."
            ),
            Parameter(name="release", meaning="The exact release it says it is."),
            Parameter(name="version", meaning="The exact version of its build."),
            OF_ORGANIZATION,
            ORDERING,
        ],
    )
)
def _list() -> Response:
    """List the images of all builds, newest first."""
    conditions = list(seen("image", slug=filters.slug("organization")))
    build_id = reference("build", "build")
    if build_id is not None:
        conditions.append(Condition("image.build_id = ?", (str(build_id),)))
    if beginning := filters.beginning():
        conditions.append(begins("image.id", beginning))
    if sha256 := request.args.get("sha256__startswith"):
        digits = sha256.lower()
        conditions.append(Condition("instr(image.sha256, ?) = 1", (digits,)))
    for name, column in _EXACT.items():
        if value := request.args.get(name):
            conditions.append(Condition(f"{column} = ?", (value,)))
    return listed(ordered(images(tuple(conditions)), ORDERS), _shown)


def _shown(row: Row) -> dict[str, Any]:
    names = ("version", "category", "release", "revision", "compat_version")
    return image_object(row) | {name: row[name] for name in names}


LIST = Resource("image-of-any-build-list", model="firmwareimage", get=_list)
