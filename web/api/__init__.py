"""REST, compatible with OpenWISP Firmware Upgrader: a package for each of its parts.

`firmware_upgrader`  categories, builds, images, mass upgrades, operations, firmware
`users`              tokens, users, groups, organizations
`controller`         the inventory: devices, groups, credentials, locations
`schema`             all of this described, for programs and for people
"""

from flask import Flask

from web.api import controller, firmware_upgrader, schema, users


def init_app(app: Flask) -> None:
    for part in (firmware_upgrader, users, controller):
        app.register_blueprint(part.blueprint)
    schema.init_app(app)
