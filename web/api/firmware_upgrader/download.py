"""An image as the file that it is: byte for byte, whole or a part of it."""

from datetime import datetime
from http import HTTPStatus
from uuid import UUID

from flask import Response, request, send_file
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from application.errors import NotFoundError
from application.queries import tenancy
from web.answers import AnswerError, json_answer, refusal
from web.api.authentication import asking
from web.api.bodies import as_uuid
from web.api.described import Description, described
from web.api.lookup import missing
from web.api.resource import NO_PERMISSION, Resource
from web.state import flashlog

_NEVER_STORED = "max-age=0, no-cache, must-revalidate, proxy-revalidate"
_LONG_AGO = "Thu, 01 Jan 1970 00:00:00 GMT"
_MODEL = "FirmwareImage"


class Download(Resource):
    """A URL that gives a file to whoever may have it, whatever they accept."""

    def negotiate(self) -> None:
        pass


@described(
    Description(
        answers={
            HTTPStatus.OK: None,
            HTTPStatus.PARTIAL_CONTENT: None,
            HTTPStatus.NOT_MODIFIED: None,
        },
        media_type="application/octet-stream",
        refusals=[HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE],
    )
)
def _get(build_id: UUID, image_id: str) -> Response:
    """Download an image; for staff. A range of it may be asked for."""
    sha256, name, created = _permitted(build_id, image_id)
    try:
        image = flashlog().images.open(sha256)
    except NotFoundError:
        raise refusal(
            HTTPStatus.NOT_FOUND, "The file of this image is not in the store."
        ) from None
    with image:
        size = image.size
        response = send_file(
            image.file(),
            # A type that is guessed would make a compressed image one that clients
            # unpack on the way.
            mimetype="application/octet-stream",
            download_name=name,
            etag=sha256,
            last_modified=datetime.fromisoformat(created),
            conditional=False,
        )
    response.content_length = size
    if name.isascii():
        response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    response.headers["Cache-Control"] = _NEVER_STORED
    response.headers["Expires"] = _LONG_AGO
    # Several ranges at once may be answered with the whole, and are.
    is_one_range = "," not in request.headers.get("Range", "")
    try:
        response.make_conditional(
            request, accept_ranges=is_one_range, complete_length=size
        )
    except RequestedRangeNotSatisfiable:
        response.close()
        return json_answer(
            {"detail": "The range is not in the file."},
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            {"Content-Range": f"bytes */{size}"},
        )
    return response


def _permitted(build_id: UUID, image_text: str) -> tuple[str, str, str]:
    """Return hash, name and time of an image. Raises AnswerError (403, 404)."""
    account = asking()
    if not account.is_superuser and not account.is_staff:
        raise refusal(HTTPStatus.FORBIDDEN, NO_PERMISSION)
    image_id = as_uuid(image_text)
    row = flashlog().views.one("image", str(image_id)) if image_id else None
    if row is None or image_id is None or row["build_id"] != str(build_id):
        raise missing(_MODEL)
    kind = tenancy.KINDS["image"]
    if tenancy.find(flashlog().views, account, kind, image_id) is None:
        raise AnswerError(HTTPStatus.FORBIDDEN, {"detail": ""})
    return row["sha256"], row["file_name"], row["created"]


DETAIL = Download(
    "image-download",
    model="firmwareimage",
    needs={"GET": ["view_firmwareimage"], "HEAD": ["view_firmwareimage"]},
    get=_get,
)
