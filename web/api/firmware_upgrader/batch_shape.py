"""How a mass upgrade looks in an answer."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import msgspec
from marshmallow import Schema, fields, validate

from application.projections.views import Row
from application.queries.batches import BATCH_STATUSES, counts_for, with_build
from application.stories import Stories
from web.api.authentication import asking
from web.api.firmware_upgrader.operation_shape import OperationShown
from web.representation import operation_object, timestamp
from web.state import flashlog

# So many operations are told and sent at once.
_GROUP = 100


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


class CountsShown(Schema):
    """How many operations there will be, and how many of them have each status.

    `flashing` are those in progress whose flash has begun.
    """

    total = fields.Integer()
    in_progress = fields.Integer()
    success = fields.Integer()
    failed = fields.Integer()
    aborted = fields.Integer()
    cancelled = fields.Integer()
    flashing = fields.Integer()


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
    counts = fields.Nested(CountsShown)


class BatchDetailShown(BatchShown):
    """A mass upgrade with its operations; rates are whole percent, cut off."""

    progress_report = fields.String()
    success_rate = fields.Integer()
    failed_rate = fields.Integer()
    aborted_rate = fields.Integer()
    cancelled_rate = fields.Integer()
    upgradeoperations = fields.List(fields.Nested(OperationShown))


def batch_object(row: Row) -> dict[str, Any]:
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
        "counts": _counts(row),
    }


def target_count(row: Row) -> int:
    """Return how many operations there will be, where all of them may be seen."""
    is_shared = row["organization_id"] is None
    if row["is_cancelled"] or (is_shared and not asking().is_superuser):
        return 0
    return int(row["target_count"])


def _counts(row: Row) -> dict[str, int]:
    counts = counts_for(flashlog().views, asking(), row)
    begun = sum(counts.values()) - counts["flashing"]
    return {"total": max(target_count(row), begun)} | counts


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


def progress_object(operations: Sequence[Row], *, target_count: int) -> dict[str, Any]:
    """Say how far a batch is with its operations, of how many there will be."""
    counts = Counter(row["status"] for row in operations)
    total = max(target_count, len(operations))
    completed = len(operations) - counts["in-progress"]
    rates = {
        f"{status}_rate": 100 * counts[status] // total if total else 0
        for status in ("success", "failed", "aborted", "cancelled")
    }
    return {"progress_report": f"{completed} out of {total}"} | rates


def encoded(
    head: dict[str, Any], operations: Sequence[Row], stories: Stories
) -> Iterator[bytes]:
    """Encode a batch with its operations in pieces: there may be many thousands."""
    yield msgspec.json.encode(head).removesuffix(b"}") + b',"upgradeoperations":['
    for start in range(0, len(operations), _GROUP):
        objects = [
            operation_object(
                row, stories.lines(UUID(row["id"]), version=row["version"])
            )
            for row in operations[start : start + _GROUP]
        ]
        yield b"," * bool(start) + msgspec.json.encode(objects)[1:-1]
    yield b"]}"
