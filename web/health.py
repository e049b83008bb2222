"""Whether the service lives, and whether all its parts do."""

from http import HTTPStatus

from flask import Blueprint, Response

from web.answers import json_answer
from web.state import flashlog

_PARTS = ("runner", "projector")

blueprint = Blueprint("health", __name__, url_prefix="/health")


@blueprint.get("/live", strict_slashes=False)
def live() -> Response:
    """Answer at all."""
    return json_answer({"status": "up"})


@blueprint.get("/ready", strict_slashes=False)
def ready() -> Response:
    """Answer 200 when web, runner and projector are up; else name what is down."""
    settings, presence = flashlog().settings, flashlog().presence
    down = [
        part
        for part in _PARTS
        if not presence.is_any(part, silent_seconds_max=settings.heartbeat_seconds)
    ]
    if down:
        return json_answer(
            {"status": "down", "down": down}, HTTPStatus.SERVICE_UNAVAILABLE
        )
    return json_answer({"status": "up", "down": []})
