"""Mass upgrades: list, look at, hold, resume, cancel."""

from collections.abc import Callable
from http import HTTPStatus
from uuid import UUID

import msgspec
from flask import Response, g

from application.access import Condition
from application.commands.batch_control import (
    cancel_batch,
    hold_batch,
    resume_batch,
)
from application.past.house import Fill
from application.past.stories import of_batch, of_batches
from application.projections.views import Row
from application.queries.batches import (
    BATCH_STATUSES,
    ORDERS,
    batches,
    operations_for,
)
from application.queries.folding import begins
from web.answers import json_answer
from web.api import filters
from web.api.authentication import asking
from web.api.bodies import load
from web.api.described import Description, Parameter, described
from web.api.fields import Body, Text
from web.api.firmware_upgrader.batch_shape import (
    BatchDetailShown,
    BatchShown,
    batch_object,
    encoded,
    progress_object,
    target_count,
)
from web.api.listing import listed, ordered
from web.api.lookup import changeable, missing, reference, seen
from web.api.moments import at
from web.api.past import AS_OF, as_of
from web.api.resource import Resource
from web.state import flashlog, state

_REASON_LENGTH_MAX = 500
_OF_ORGANIZATION = Parameter(name="organization", meaning="slug of the organization")


class HoldBody(Body):
    """Why it is held, for those who find it so."""

    reason = Text(length_max=_REASON_LENGTH_MAX, blank=True, load_default="")


def _batches() -> Fill:
    return of_batches(asking())


@described(
    Description(
        answers={HTTPStatus.OK: BatchShown},
        is_list=True,
        query=(
            Parameter(name="build", meaning="to this build", format="uuid"),
            Parameter(name="status", meaning="how far it is", choices=BATCH_STATUSES),
            Parameter(name="created", meaning="exactly then", format="date-time"),
            filters.BY_ID,
            _OF_ORGANIZATION,
            Parameter(name="ordering", meaning="created or modified"),
            AS_OF,
        ),
        refusals=(HTTPStatus.CONFLICT,),
    )
)
@as_of(_batches)
def _list() -> Response:
    """List mass upgrades, newest first unless ordered otherwise."""
    conditions = list(seen("batch", slug=filters.slug("organization")))
    build_id = reference("build", "build")
    if build_id is not None:
        conditions.append(Condition("batch.build_id = ?", (str(build_id),)))
    status = filters.choice("status", BATCH_STATUSES)
    if status is not None:
        conditions.append(Condition("batch.status = ?", (status,)))
    conditions.append(at("created", "batch.created"))
    if beginning := filters.beginning():
        conditions.append(begins("batch.id", beginning))
    query = msgspec.structs.replace(batches(), conditions=tuple(conditions))
    return listed(ordered(query, ORDERS), batch_object)


@described(
    Description(
        answers={HTTPStatus.OK: BatchDetailShown},
        query=(AS_OF, _OF_ORGANIZATION),
        refusals=(HTTPStatus.CONFLICT,),
    )
)
@as_of(of_batch)
def _detail(batch_id: UUID) -> Response:
    """Show a mass upgrade with its operations, as far as they may be seen."""
    # The batch first: it never looks done while one of those shown is not.
    row = _row(batch_id)
    operations = operations_for(flashlog().views, asking(), batch_id)
    progress = progress_object(operations, target_count=target_count(row))
    body = encoded(batch_object(row) | progress, operations, state().stories)
    return Response(body, mimetype="application/json")


_CHANGED = {HTTPStatus.OK: BatchShown}


@described(
    Description(body=HoldBody, answers=_CHANGED, refusals=(HTTPStatus.CONFLICT,))
)
def _hold(batch_id: UUID) -> Response:
    """Let no further flash begin until it is resumed."""
    changeable("batch", batch_id, slug=filters.slug("organization"))
    reason = load(HoldBody)["reason"]
    hold_batch(flashlog(), batch_id=batch_id, reason=reason, by=g.user_id)
    return json_answer(batch_object(_row(batch_id)))


@described(Description(answers=_CHANGED, refusals=(HTTPStatus.CONFLICT,)))
def _resume(batch_id: UUID) -> Response:
    """Let flashes begin again; failures are counted anew."""
    return _change(batch_id, resume_batch)


@described(Description(answers=_CHANGED, refusals=(HTTPStatus.CONFLICT,)))
def _cancel(batch_id: UUID) -> Response:
    """Let no further flash begin, and cancel all that still can be."""
    return _change(batch_id, cancel_batch)


def _change(batch_id: UUID, change: Callable[..., None]) -> Response:
    changeable("batch", batch_id, slug=filters.slug("organization"))
    change(flashlog(), batch_id=batch_id, by=g.user_id)
    return json_answer(batch_object(_row(batch_id)))


def _row(batch_id: UUID) -> Row:
    """Return a row that may be seen, with its build. Raises AnswerError (404)."""
    conditions = seen("batch", slug=filters.slug("organization"))
    by_id = Condition("batch.id = ?", (str(batch_id),))
    found = msgspec.structs.replace(batches(), conditions=(by_id, *conditions)).all(
        flashlog().views
    )
    if not found:
        raise missing("BatchUpgradeOperation")
    return found[0]


_MODEL = "batchupgradeoperation"
_NEEDS = {"POST": [f"change_{_MODEL}"]}
LIST = Resource("batch-upgrade-operation-list", model=_MODEL, get=_list)
DETAIL = Resource("batch-upgrade-operation-detail", model=_MODEL, get=_detail)
HOLD = Resource("batch-upgrade-operation-hold", model=_MODEL, needs=_NEEDS, post=_hold)
RESUME = Resource(
    "batch-upgrade-operation-resume", model=_MODEL, needs=_NEEDS, post=_resume
)
CANCEL = Resource(
    "batch-upgrade-operation-cancel", model=_MODEL, needs=_NEEDS, post=_cancel
)
