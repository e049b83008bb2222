"""What a person decides on a mass upgrade: hold it, let it go on, cancel the rest."""

from http import HTTPStatus
from uuid import UUID

from flask import flash, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from application.commands.batch_control import cancel_batch, hold_batch, resume_batch
from application.errors import RefusedError
from web.api.bodies import load
from web.api.firmware_upgrader.batches import HoldBody
from web.api.lookup import changeable
from web.console.confirming import confirmed
from web.console.mass_upgrades.batch import row_of
from web.console.mass_upgrades.section import DECIDE, blueprint
from web.console.rendering import show
from web.console.texts import gettext as _
from web.state import flashlog

_BOTH = ("GET", "POST")


@blueprint.page("/mass-upgrades/<uuid:batch_id>/hold/", DECIDE, methods=_BOTH)
def hold(batch_id: UUID) -> AnyResponse:
    """Ask why, then let no further flash begin."""
    changeable("batch", batch_id)
    if request.method != "POST":
        return show("mass_upgrades/hold.html", batch=row_of(batch_id))
    try:
        hold_batch(
            flashlog(), batch_id=batch_id, reason=load(HoldBody)["reason"], by=g.user_id
        )
    except RefusedError as error:
        flash(str(error), "error")
    else:
        flash(_("The mass upgrade is held: no further flash begins."), "success")
    return redirect(_page(batch_id), HTTPStatus.SEE_OTHER)


@blueprint.page("/mass-upgrades/<uuid:batch_id>/resume/", DECIDE, methods=_BOTH)
def resume(batch_id: UUID) -> AnyResponse:
    """Ask, then let flashes begin again."""
    changeable("batch", batch_id)
    row = row_of(batch_id)
    return confirmed(
        lambda: resume_batch(flashlog(), batch_id=batch_id, by=g.user_id),
        question=_("Resume the mass upgrade?"),
        sentences=[
            _("It was held: %(reason)s.") % {"reason": row["held"].rstrip(".")},
            _("Flashes begin again, and failures are counted anew."),
        ],
        button=_("Resume"),
        done=_("The mass upgrade goes on."),
        back=_page(batch_id),
    )


@blueprint.page("/mass-upgrades/<uuid:batch_id>/cancel/", DECIDE, methods=_BOTH)
def cancel(batch_id: UUID) -> AnyResponse:
    """Ask, then cancel what has not been flashed."""
    changeable("batch", batch_id)
    return confirmed(
        lambda: cancel_batch(flashlog(), batch_id=batch_id, by=g.user_id),
        question=_("Cancel the mass upgrade?"),
        sentences=[
            _("Every router whose flash has not begun stays as it is."),
            _("Those that are being flashed go on to their end."),
            _("A mass upgrade that was cancelled cannot be resumed."),
        ],
        button=_("Cancel what still can be"),
        done=_("Cancelled: what was not flashed stays as it is."),
        back=_page(batch_id),
    )


def _page(batch_id: UUID) -> str:
    return url_for("mass_upgrades.detail", batch_id=batch_id)
