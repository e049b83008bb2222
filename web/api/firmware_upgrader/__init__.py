"""The catalogue, operations, device firmware, mass upgrades, events and their proof."""

from flask import Blueprint

from web.api.firmware_upgrader import (
    audit,
    batches,
    builds,
    categories,
    device_firmware,
    download,
    events,
    histories,
    image_list,
    images,
    mass_upgrade,
    operations,
    recordings,
)
from web.api.firmware_upgrader.fleet import diff, exposure, running

blueprint = Blueprint(
    "firmware-upgrader", __name__, url_prefix="/api/v1/firmware-upgrader"
)

_BUILD = "/build/<uuid:build_id>/"
_IMAGE = f"{_BUILD}image/<uuid:image_id>/"

for _rule, _resource in (
    ("/category/", categories.LIST),
    ("/category/<uuid:category_id>/", categories.DETAIL),
    ("/build/", builds.LIST),
    (_BUILD, builds.DETAIL),
    (f"{_BUILD}image/", images.LIST),
    (_IMAGE, images.DETAIL),
    (f"{_IMAGE}history/", histories.OF_IMAGE),
    ("/image/", image_list.LIST),
    # Any text may stand for the id here: what is no id is not found.
    (f"{_BUILD}image/<image_id>/download/", download.DETAIL),
    ("/upgrade-operation/", operations.LIST),
    ("/upgrade-operation/<uuid:operation_id>/", operations.DETAIL),
    ("/upgrade-operation/<uuid:operation_id>/history/", histories.OF_OPERATION),
    ("/upgrade-operation/<uuid:operation_id>/recordings/", recordings.VISITS),
    (
        "/upgrade-operation/<uuid:operation_id>/recordings/<int:number>/",
        recordings.LINES,
    ),
    ("/upgrade-operation/<uuid:operation_id>/cancel/", operations.CANCEL),
    ("/upgrade-operation/<uuid:operation_id>/retry/", operations.RETRY),
    ("/upgrade-operation/<uuid:operation_id>/resume/", operations.RESUME),
    ("/device/<uuid:device_id>/upgrade-operation/", operations.OF_DEVICE),
    ("/device/<uuid:device_id>/firmware/", device_firmware.DETAIL),
    ("/build/<uuid:build_id>/upgrade/", mass_upgrade.UPGRADE),
    ("/batch-upgrade-operation/", batches.LIST),
    ("/batch-upgrade-operation/<uuid:batch_id>/", batches.DETAIL),
    ("/batch-upgrade-operation/<uuid:batch_id>/history/", histories.OF_BATCH),
    ("/batch-upgrade-operation/<uuid:batch_id>/hold/", batches.HOLD),
    ("/batch-upgrade-operation/<uuid:batch_id>/resume/", batches.RESUME),
    ("/batch-upgrade-operation/<uuid:batch_id>/cancel/", batches.CANCEL),
    ("/fleet/", running.RUNNING),
    ("/fleet/diff/", diff.DIFF),
    ("/fleet/exposure/", exposure.EXPOSURE),
    ("/event/", events.LIST),
    ("/audit/inclusion/", audit.INCLUSION),
    ("/audit/consistency/", audit.CONSISTENCY),
):
    _resource.add_to(blueprint, _rule)

# Clients of tiled logs know these without a slash at the end.
for _rule, _resource in (
    ("/audit/checkpoint/", audit.CHECKPOINT),
    ("/audit/tile/<level>/<path:number>/", audit.TILE),
):
    _resource.add_to(blueprint, _rule, needs_slash=False)
