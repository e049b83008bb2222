"""The inventory: devices, groups, locations, credentials and connections."""

from flask import Blueprint

from web.api.controller import (
    activation,
    connection,
    credential,
    device,
    device_check,
    device_history,
    device_location,
    group,
    location,
)

blueprint = Blueprint("controller", __name__, url_prefix="/api/v1/controller")

for _rule, _resource in (
    ("/device/", device.LIST),
    ("/device/<uuid:device_id>/", device.DETAIL),
    ("/device-check/", device_check.LIST),
    ("/device-check/<uuid:check_id>/", device_check.DETAIL),
    ("/device/<uuid:device_id>/history/", device_history.DETAIL),
    ("/device/<uuid:device_id>/activate/", activation.ACTIVATE),
    ("/device/<uuid:device_id>/deactivate/", activation.DEACTIVATE),
    ("/device/<uuid:device_id>/location/", device_location.DETAIL),
    ("/device/<uuid:device_id>/connection/", connection.LIST),
    ("/device/<uuid:device_id>/connection/<uuid:connection_id>/", connection.DETAIL),
    ("/group/", group.LIST),
    ("/group/<uuid:group_id>/", group.DETAIL),
    ("/location/", location.LIST),
    ("/location/<uuid:location_id>/", location.DETAIL),
    ("/credential/", credential.LIST),
    ("/credential/<uuid:credentials_id>/", credential.DETAIL),
):
    _resource.add_to(blueprint, _rule)
