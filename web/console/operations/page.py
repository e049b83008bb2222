"""One operation: where it is, how it got there, and as it was at any of its events."""

from uuid import UUID

from flask import Response

from application.projections.views import Row
from application.queries.operation_list import operation_in_words, repetitions
from application.queries.operation_story.evidence import evidence
from application.queries.operation_story.owed import obligations
from application.queries.operation_story.retelling import (
    Retold,
    lines,
    person,
    retell,
)
from application.queries.operation_story.steps import steps
from application.queries.operation_story.upload import upload_of
from application.recordings.visits import visits_in
from web.api.authentication import asking
from web.api.firmware_upgrader.recordings import MAY_SEE
from web.api.lookup import missing, visible
from web.console.next_steps import next_step
from web.console.operations.section import SEE, blueprint
from web.console.rendering import show
from web.console.replaying import asked_event
from web.state import flashlog


@blueprint.page("/operations/<uuid:operation_id>/", *SEE)
def detail(operation_id: UUID) -> Response:
    """Show an operation; with `?at=` as it was after that many of its events."""
    row = row_of(operation_id)
    retold = retell(flashlog(), operation_id, until=asked_event())
    operation = retold.operation
    advice = next_step(
        operation.status, retold.reason, has_begun_flash=operation.has_begun_flash
    )
    return show(
        "operation.html",
        row=row,
        now=flashlog().clock.now(),
        retold=retold,
        operation=operation,
        by=person(flashlog(), retold.started),
        lines=lines(flashlog(), retold),
        steps=steps(retold),
        upload=upload_of(retold),
        obligations=obligations(retold),
        evidence=evidence(flashlog(), retold),
        visits=visits_in(operation_id, retold.entries)
        if asking().may(MAY_SEE)
        else None,
        image=_image(retold),
        advice=advice,
        repetitions=[] if retold.is_past else repetitions(flashlog().views, row),
    )


def row_of(operation_id: UUID) -> Row:
    """Return an operation in words. Raises AnswerError (404)."""
    visible("operation", operation_id)
    row = operation_in_words(flashlog().views, operation_id)
    if row is None:
        raise missing("UpgradeOperation")
    return row


def _image(retold: Retold) -> Row | None:
    return flashlog().views.one("image", str(retold.operation.image_id))
