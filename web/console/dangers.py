"""Upgrades that a person confirms by typing the name of the device."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import request

from application.commands.confirmation import reasons_to_confirm
from application.errors import InvalidError
from application.projections.views import Row
from web.console.texts import as_typed
from web.console.texts import gettext as _
from web.state import flashlog

FIELD = "confirmed_name"


def reasons(device: Row, image_id: UUID, options: Any) -> Sequence[str]:
    """Say why this upgrade is dangerous, a sentence for each reason; often none."""
    return reasons_to_confirm(
        flashlog(), device_id=UUID(device["id"]), image_id=image_id, options=options
    )


def require_name(device: Row) -> None:
    """Require that the name was typed. Raises InvalidError on its field."""
    if as_typed(request.form.get(FIELD, "")) != device["name"]:
        asked = _("Nothing was started: type the device's name exactly, %(name)s.")
        raise InvalidError.of(FIELD, asked % {"name": device["name"]})
