"""Operations and device firmware; categories, builds, images and batches go here."""

from flask import Blueprint

from web.api.firmware_upgrader import (
    batches,
    device_firmware,
    events,
    mass_upgrade,
    operations,
)

blueprint = Blueprint(
    "firmware-upgrader", __name__, url_prefix="/api/v1/firmware-upgrader"
)

for _rule, _resource in (
    ("/upgrade-operation/", operations.LIST),
    ("/upgrade-operation/<uuid:operation_id>/", operations.DETAIL),
    ("/upgrade-operation/<uuid:operation_id>/cancel/", operations.CANCEL),
    ("/upgrade-operation/<uuid:operation_id>/retry/", operations.RETRY),
    ("/device/<uuid:device_id>/upgrade-operation/", operations.OF_DEVICE),
    ("/device/<uuid:device_id>/firmware/", device_firmware.DETAIL),
    ("/build/<uuid:build_id>/upgrade/", mass_upgrade.UPGRADE),
    ("/batch-upgrade-operation/", batches.LIST),
    ("/batch-upgrade-operation/<uuid:batch_id>/", batches.DETAIL),
    ("/batch-upgrade-operation/<uuid:batch_id>/hold/", batches.HOLD),
    ("/batch-upgrade-operation/<uuid:batch_id>/resume/", batches.RESUME),
    ("/batch-upgrade-operation/<uuid:batch_id>/cancel/", batches.CANCEL),
    ("/event/", events.LIST),
):
    _resource.add_to(blueprint, _rule)
