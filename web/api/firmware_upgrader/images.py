"""The images of a build."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

import msgspec
from flask import Response, g, request, url_for
from marshmallow import Schema, fields
from werkzeug.datastructures import FileStorage

from application.access import Condition
from application.adapters.image_store import chunks_of
from application.commands.deletion import delete_image
from application.commands.images import upload_image
from application.commands.placing import TYPE_TAKEN
from application.commands.taking_in import Submitted
from application.errors import InvalidError
from application.image_types import image_types
from application.projections.views import Row
from application.queries.catalogue import images, is_type_in_use, types_in_use
from web.answers import AnswerError, json_answer, refusal
from web.api import filters
from web.api.actions import field_facts
from web.api.authentication import asking
from web.api.bodies import body, load_from
from web.api.described import Description, Parameter, described
from web.api.fields import Body, Text, Texts
from web.api.firmware_upgrader.categories import OF_ORGANIZATION, ORDERING
from web.api.listing import listed, ordered
from web.api.lookup import changeable, made, missing, seen, visible
from web.api.resource import Resource
from web.representation import timestamp
from web.state import flashlog
from web.uploads import submitted_file

ORDERS = {
    "type": ("image.type",),
    "created": ("image.position",),
    "modified": ("image.modified",),
}


class ImageBody(Body):
    """A firmware file. A blank type is found out by its name, or by its metadata.

    `boards` are those it is for, where the file itself does not say.
    """

    file = fields.Raw(metadata={"type": "string", "format": "binary"})
    type = Text(blank=True, length_max=255)
    boards = Texts()


class ImageShown(Schema):
    """A firmware image; `file` is where it is downloaded."""

    id = fields.UUID()
    created = fields.DateTime()
    modified = fields.DateTime()
    file = fields.URL()
    type = fields.String()
    build = fields.UUID()
    file_name = fields.String()
    size_bytes = fields.Integer()
    sha256 = fields.String()
    boards = fields.List(fields.String())


@described(
    Description(
        answers={HTTPStatus.OK: ImageShown},
        is_list=True,
        query=[
            Parameter(name="type", meaning="A type that OPTIONS names."),
            OF_ORGANIZATION,
            ORDERING,
        ],
    )
)
def _list(build_id: UUID) -> Response:
    """List the images of a build, newest first."""
    slug = filters.slug("organization")
    _require_build(build_id)
    conditions = (
        *seen("image", slug=slug),
        Condition("image.build_id = ?", (str(build_id),)),
    )
    image_type = (
        filters.choice("type", image_types_known())
        if request.args.get("type")
        else None
    )
    if image_type:
        conditions += (Condition("image.type = ?", (image_type,)),)
    return listed(ordered(images(conditions), ORDERS), image_object)


@described(
    Description(
        body=ImageBody,
        is_upload=True,
        answers={HTTPStatus.CREATED: ImageShown},
        refusals=[HTTPStatus.INSUFFICIENT_STORAGE],
    )
)
def _post(build_id: UUID) -> Response:
    """Add an image to a build: its file is judged before it is kept."""
    _require_build(build_id)
    changeable("build", build_id)
    file = submitted_file(
        request, size_bytes_max=flashlog().settings.image_size_max_bytes
    )
    image_id = take_image(build_id, file, body())
    return json_answer(image_object(made("image", image_id)), HTTPStatus.CREATED)


@described(Description(answers={HTTPStatus.OK: ImageShown}, query=[OF_ORGANIZATION]))
def _get(build_id: UUID, image_id: UUID) -> Response:
    """Show an image."""
    return json_answer(image_object(_row(build_id, image_id)))


@described(
    Description(answers={HTTPStatus.NO_CONTENT: None}, refusals=[HTTPStatus.CONFLICT])
)
def _delete(build_id: UUID, image_id: UUID) -> Response:
    """Delete an image; 409 while an upgrade to it is in progress."""
    _row(build_id, image_id)
    changeable("image", image_id)
    delete_image(flashlog(), image_id, by=g.user_id)
    return Response(status=HTTPStatus.NO_CONTENT)


def take_image(build_id: UUID, file: FileStorage, said: dict[str, Any]) -> UUID:
    """Judge a file and add it to a build. Raises InvalidError, StoreFullError."""
    said = load_from(ImageBody, {k: v for k, v in said.items() if k != "file"})
    submitted = Submitted(
        file_name=file.filename or "",
        type=said.get("type", ""),
        types=frozenset(image_types_known()),
        boards=tuple(said.get("boards", ())),
    )
    if submitted.type and is_type_in_use(flashlog().views, build_id, submitted.type):
        raise InvalidError.of("__all__", TYPE_TAKEN)
    return upload_image(
        flashlog(), build_id, submitted, chunks_of(file.stream), by=g.user_id
    )


def _require_build(build_id: UUID) -> None:
    try:
        visible("build", build_id)
    except AnswerError:
        raise refusal(HTTPStatus.NOT_FOUND, "build not found") from None


def _row(build_id: UUID, image_id: UUID) -> Row:
    """Return an image of this build; one of another build is not found."""
    _require_build(build_id)
    row = visible("image", image_id, slug=filters.slug("organization"))
    if row["build_id"] != str(build_id):
        raise missing("FirmwareImage")
    return row


def image_types_known() -> dict[str, str]:
    """Return every type that there is to whoever asks, with its label."""
    known = image_types(flashlog().settings.image_types_file)
    labels = {name: each.label for name, each in known.items()}
    return types_in_use(flashlog().views, seen("image")) | labels


def _actions() -> dict[str, Any]:
    if not asking().may("add_firmwareimage"):
        return {}
    facts = field_facts(ImageBody)
    facts["file"] |= {"type": "file upload", "required": True}
    choices = [
        {"value": name, "display_name": label}
        for name, label in image_types_known().items()
    ]
    facts["type"] |= {"type": "choice", "choices": choices}
    return {"POST": facts}


def image_object(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "created": timestamp(row["created"]),
        "modified": timestamp(row["modified"]),
        "file": url_for(
            "firmware-upgrader.image-download",
            build_id=row["build_id"],
            image_id=row["id"],
            _external=True,
        ),
        "type": row["type"],
        "build": row["build_id"],
        "file_name": row["file_name"],
        "size_bytes": row["size_bytes"],
        "sha256": row["sha256"],
        "boards": msgspec.json.decode(row["boards"]),
    }


LIST = Resource(
    "image-list",
    model="firmwareimage",
    actions=_actions,
    get=_list,
    post=_post,
)
DETAIL = Resource("image-detail", model="firmwareimage", get=_get, delete=_delete)
