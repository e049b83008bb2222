"""Mass upgrades: list, look at, hold, resume, cancel."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from uuid import UUID

import msgspec
from flask import Response, g
from marshmallow import Schema, fields, validate

from application.access import Condition
from application.commands.batches import cancel_batch, hold_batch, resume_batch
from application.projections.views import Row
from application.queries.batches import (
    BATCH_STATUSES,
    ORDERS,
    batches,
    counts_for,
    operations_for,
    with_build,
)
from web.answers import json_answer
from web.api import filters
from web.api.authentication import asking
from web.api.bodies import load
from web.api.described import Description, Parameter, described
from web.api.fields import Body, Text
from web.api.firmware_upgrader.operation_shape import OperationShown
from web.api.listing import listed, ordered
from web.api.lookup import changeable, missing, reference, seen
from web.api.moments import at
from web.api.resource import Resource
from web.representation import operation_object, timestamp
from web.state import flashlog, state

_REASON_LENGTH_MAX = 500
_OF_ORGANIZATION = Parameter(name="organization", meaning="slug of the organization")


class CategoryRelationShown(Schema):
    """What a build says of its category."""

    name = fields.String()
    organization = fields.UUID(allow_none=True)


class BuildOfBatchShown(Schema):
    """The build that a batch brings."""

    id = fields.UUID()
    category_relation = fields.Nested(CategoryRelationShown)
    category = fields.UUID()
    version = fields.String()
    os = fields.String(allow_none=True)
    changelog = fields.String()
    created = fields.DateTime()
    modified = fields.DateTime()


class LimitsShown(Schema):
    """How much happens at the same moment, and when the batch holds itself."""

    uploads_max = fields.Integer()
    uploads_per_location_max = fields.Integer()
    reboots_max = fields.Integer()
    failures_max = fields.Integer()


class BatchShown(Schema):
    """A mass upgrade; `held` is blank unless it begins no further flash."""

    id = fields.UUID()
    build = fields.Nested(BuildOfBatchShown)
    status = fields.String(validate=validate.OneOf(BATCH_STATUSES))
    upgrade_options = fields.Dict()
    group = fields.UUID(allow_none=True)
    location = fields.UUID(allow_none=True)
    created = fields.DateTime()
    modified = fields.DateTime()
    upgrade_all = fields.Boolean()
    held = fields.String()
    limits = fields.Nested(LimitsShown)
    expendable_packages = fields.List(fields.String())


class BatchDetailShown(BatchShown):
    """A mass upgrade with its operations; rates are whole percent, cut off."""

    progress_report = fields.String()
    success_rate = fields.Integer()
    failed_rate = fields.Integer()
    aborted_rate = fields.Integer()
    cancelled_rate = fields.Integer()
    upgradeoperations = fields.List(fields.Nested(OperationShown))


class HoldBody(Body):
    """Why it is held, for those who find it so."""

    reason = Text(length_max=_REASON_LENGTH_MAX, blank=True, load_default="")


@described(
    Description(
        answers={HTTPStatus.OK: BatchShown},
        is_list=True,
        query=(
            Parameter(name="build", meaning="to this build", format="uuid"),
            Parameter(name="status", meaning="how far it is", choices=BATCH_STATUSES),
            Parameter(name="created", meaning="exactly then", format="date-time"),
            _OF_ORGANIZATION,
            Parameter(name="ordering", meaning="created or modified"),
        ),
    )
)
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
    query = msgspec.structs.replace(batches(), conditions=tuple(conditions))
    return listed(ordered(query, ORDERS), _shown)


@described(
    Description(answers={HTTPStatus.OK: BatchDetailShown}, query=(_OF_ORGANIZATION,))
)
def _detail(batch_id: UUID) -> Response:
    """Show a mass upgrade with its operations, as far as they may be seen."""
    row = _row(batch_id)
    counts = counts_for(flashlog().views, asking(), row)
    total = sum(counts.values())
    rates = {
        f"{status}_rate": 100 * counts[status] // total if total else 0
        for status in ("success", "failed", "aborted", "cancelled")
    }
    completed = total - counts["in-progress"]
    stories = state().stories
    operations = [
        operation_object(each, stories.lines(UUID(each["id"]), version=each["version"]))
        for each in operations_for(flashlog().views, asking(), batch_id)
    ]
    return json_answer(
        _shown(row)
        | {"progress_report": f"{completed} out of {total}"}
        | rates
        | {"upgradeoperations": operations}
    )


_CHANGED = {HTTPStatus.OK: BatchShown}


@described(
    Description(body=HoldBody, answers=_CHANGED, refusals=(HTTPStatus.CONFLICT,))
)
def _hold(batch_id: UUID) -> Response:
    """Let no further flash begin until it is resumed."""
    changeable("batch", batch_id, slug=filters.slug("organization"))
    reason = load(HoldBody)["reason"]
    hold_batch(flashlog(), batch_id=batch_id, reason=reason, by=g.user_id)
    return json_answer(_shown(_row(batch_id)))


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
    return json_answer(_shown(_row(batch_id)))


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


def _shown(row: Row) -> dict[str, Any]:
    """Show a batch; the keys after `modified` are Flashlog's own."""
    return {
        "id": row["id"],
        "build": _build(row),
        "status": row["status"],
        "upgrade_options": msgspec.json.decode(row["options"]),
        "group": row["known_group_id"],
        "location": row["known_location_id"],
        "created": timestamp(row["created"]),
        "modified": timestamp(row["modified"]),
        "upgrade_all": bool(row["upgrade_all"]),
        "held": row["held"],
        "limits": {name: row[name] for name in LimitsShown().fields},
        "expendable_packages": msgspec.json.decode(row["expendable_packages"]),
    }


def _build(row: Row) -> dict[str, Any]:
    row = with_build(flashlog(), row)
    return {
        "id": row["build_id"],
        "category_relation": {
            "name": row["category_name"],
            "organization": row["organization_id"],
        },
        "created": timestamp(row["build_created"]),
        "modified": timestamp(row["build_modified"]),
        "version": row["build_version"],
        "os": row["build_os"],
        "changelog": row["build_changelog"],
        "category": row["category_id"],
    }


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
