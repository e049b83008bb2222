"""Images whatever build they are of: find the one that is meant, or add one."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Response, g, request
from marshmallow import fields

from application.access import Condition
from application.adapters.image_store import chunks_of
from application.commands.images import NewImage, add_image
from application.errors import InvalidError
from application.projections.views import Row
from application.queries.catalogue import images
from application.queries.folding import begins
from web.answers import json_answer
from web.api import filters
from web.api.authentication import asking
from web.api.bodies import body, load_from
from web.api.described import Description, Parameter, described
from web.api.fields import Body, Id, Text, Texts
from web.api.firmware_upgrader.categories import OF_ORGANIZATION, ORDERING
from web.api.firmware_upgrader.images import ORDERS, ImageShown, image_object
from web.api.listing import listed, ordered
from web.api.lookup import not_shown_yet, own_reference, reference, seen
from web.api.resource import Resource
from web.state import flashlog
from web.uploads import submitted_file

_EXACT = {
    "file_name": "image.file_name",
    "release": "image.release",
    "version": "build.version",
}


class NewImageBody(Body):
    """A firmware file, and where it goes; what is not said is read from the file.

    `boards` are those it is for, where the file itself does not say. `health_checks`
    are those of its build, in place of those it has.
    """

    file = fields.Raw(metadata={"type": "string", "format": "binary"})
    category = Text(length_max=64)
    version = Text(blank=True, length_max=32)
    organization = Id()
    boards = Texts()
    health_checks = Texts()


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


@described(
    Description(
        body=NewImageBody,
        is_upload=True,
        answers={HTTPStatus.CREATED: ImageOfBuildShown},
        refusals=[HTTPStatus.INSUFFICIENT_STORAGE],
    )
)
def _post() -> Response:
    """Add an image under the name of a category; it is judged before it is kept.

    Category and build are made where there are none. The same file in the same place
    is there once, however often it is sent. The organization need not be named by who
    manages one alone.
    """
    file = submitted_file(
        request, size_bytes_max=flashlog().settings.image_size_max_bytes
    )
    said = load_from(
        NewImageBody, {name: value for name, value in body().items() if name != "file"}
    )
    organization_id = said.pop("organization", None) or _only_organization()
    if organization_id:
        own_reference("organization", "organization", organization_id)
        said["organization_id"] = organization_id
    for name in ("boards", "health_checks"):
        said[name] = tuple(said.get(name, ()))
    new = NewImage(file_name=file.filename or "", **said)
    image_id = add_image(flashlog(), new, chunks_of(file.stream), by=g.user_id)
    return json_answer(_shown(_made(image_id)), HTTPStatus.CREATED)


def _only_organization() -> UUID | None:
    """Return the one that who asks minds; of superusers None: the one of the start.

    Raises InvalidError where it is not clear.
    """
    if asking().is_superuser:
        return None
    manages = asking().manages
    if len(manages) != 1:
        text = "You manage several: name the one that it is for."
        raise InvalidError.of("organization", text)
    return next(iter(manages))


def _made(image_id: UUID) -> Row:
    """Return the image. Raises AnswerError (503) where it is not shown yet."""
    condition = Condition("image.id = ?", (str(image_id),))
    rows = images((*seen("image"), condition)).all(flashlog().views)
    if not rows:
        raise not_shown_yet(image_id)
    return rows[0]


def _shown(row: Row) -> dict[str, Any]:
    names = ("version", "category", "release", "revision", "compat_version")
    return image_object(row) | {name: row[name] for name in names}


LIST = Resource(
    "image-of-any-build-list",
    model="firmwareimage",
    # It may make all three.
    needs={"POST": ["add_firmwareimage", "add_build", "add_category"]},
    get=_list,
    post=_post,
)
