"""What happened to an upgrade, a mass upgrade or an image, event by event."""

from http import HTTPStatus
from uuid import UUID

from flask import Response

from application.queries.ever_seen import build_ever_of
from application.queries.histories import about_batch
from web.api import filters, histories
from web.api.authentication import asking
from web.api.described import Description, described
from web.api.lookup import missing, visible
from web.api.resource import Resource
from web.state import flashlog

_DESCRIPTION = Description(
    answers={HTTPStatus.OK: histories.HappenedShown},
    is_list=True,
    query=histories.QUERY,
    refusals=(HTTPStatus.CONFLICT,),
)


@described(_DESCRIPTION)
def _of_operation(operation_id: UUID) -> Response:
    """List everything that happened in an operation, oldest first."""
    histories.require_ever_seen("operation", operation_id, model="UpgradeOperation")
    return histories.answer([operation_id])


@described(_DESCRIPTION)
def _of_batch(batch_id: UUID) -> Response:
    """List what happened to a mass upgrade and in its operations, oldest first."""
    visible("batch", batch_id, slug=filters.slug("organization"))
    return histories.answer(about_batch(flashlog(), asking(), batch_id))


@described(_DESCRIPTION)
def _of_image(build_id: UUID, image_id: UUID) -> Response:
    """List what happened to an image, oldest first; also to one that was deleted."""
    histories.require_ever_seen("image", image_id, model="FirmwareImage")
    if build_ever_of(flashlog(), image_id) != build_id:
        raise missing("FirmwareImage")
    return histories.answer([image_id])


OF_OPERATION = Resource(
    "upgrade-operation-history", model="upgradeoperation", get=_of_operation
)
OF_BATCH = Resource(
    "batch-upgrade-operation-history", model="batchupgradeoperation", get=_of_batch
)
OF_IMAGE = Resource("image-history", model="firmwareimage", get=_of_image)
