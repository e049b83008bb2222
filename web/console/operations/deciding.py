"""What a person decides on an operation: cancel it, repeat it, let it go on."""

from http import HTTPStatus
from uuid import UUID, uuid4

import msgspec
from flask import Response, flash, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from application.commands.idempotency import RequestKey
from application.commands.operations import (
    cancel_operation,
    resume_operation,
    retry_operation,
)
from application.errors import InvalidError, RefusedError
from application.projections.views import Row
from web.api.idempotency import once
from web.api.lookup import visible
from web.console import dangers
from web.console.operations.page import row_of
from web.console.operations.section import DECIDE, blueprint
from web.console.rendering import show
from web.console.texts import gettext as _
from web.state import flashlog

_BOTH = ("GET", "POST")


@blueprint.page("/operations/<uuid:operation_id>/cancel/", DECIDE, methods=_BOTH)
def cancel(operation_id: UUID) -> AnyResponse:
    """Ask, then cancel; from the moment the flash has begun say why not."""
    row = row_of(operation_id)
    if request.method == "GET":
        return show("operation_cancel.html", row=row)
    try:
        cancel_operation(flashlog(), operation_id=operation_id, by=g.user_id)
    except RefusedError as error:
        flash(_("Not cancelled: %(why)s.") % {"why": error}, "error")
    else:
        said = _("Cancelled: nothing was or will be flashed on %(name)s.")
        flash(said % {"name": row["device_name"]}, "success")
    return _to(operation_id)


@blueprint.page("/operations/<uuid:operation_id>/retry/", DECIDE, methods=_BOTH)
def retry(operation_id: UUID) -> AnyResponse:
    """Start the same upgrade again; what is dangerous is confirmed again."""
    row = row_of(operation_id)
    device = visible("device", UUID(row["device_id"]))
    if row["image_id"] is None:
        raise RefusedError(_("The image was deleted: upload it again."))
    reasons = dangers.reasons(
        device, UUID(row["image_id"]), msgspec.json.decode(row["options"])
    )
    if request.method == "GET":
        return _retry_page(row, device, reasons=reasons)

    def again_once(key: RequestKey) -> UUID:
        return retry_operation(
            flashlog(), operation_id=operation_id, by=g.user_id, key=key
        )

    try:
        if reasons:
            dangers.require_name(device)
        return once(
            again_once,
            again=lambda used: used.owner_id,
            shown=_begun,
            key_text=request.form.get("key"),
        )
    except InvalidError as error:
        return _retry_page(
            row,
            device,
            HTTPStatus.BAD_REQUEST,
            reasons=reasons,
            errors=error.fields,
        )


@blueprint.page("/operations/<uuid:operation_id>/resume/", DECIDE, methods=_BOTH)
def resume(operation_id: UUID) -> AnyResponse:
    """Let an operation go on that is held for a person."""
    row = row_of(operation_id)
    if request.method == "GET":
        return show("operation_resume.html", row=row)
    resume_operation(flashlog(), operation_id=operation_id, by=g.user_id)
    flash(_("The operation goes on."), "success")
    return _to(operation_id)


def _retry_page(
    row: Row,
    device: Row,
    status: HTTPStatus = HTTPStatus.OK,
    *,
    reasons: object,
    errors: object = None,
) -> Response:
    return show(
        "operation_retry.html",
        status,
        row=row,
        device=device,
        reasons=reasons,
        errors=errors or {},
        name_field=dangers.FIELD,
        key=request.form.get("key") or uuid4(),
    )


def _begun(operation_id: UUID) -> AnyResponse:
    flash(_("The upgrade was started again."), "success")
    return _to(operation_id)


def _to(operation_id: UUID) -> AnyResponse:
    path = url_for("operations.detail", operation_id=operation_id)
    return redirect(path, HTTPStatus.SEE_OTHER)
