"""Note what devices run already, where inventory and catalogue say the same.

A device that says which OS it runs, and a build that says of which OS it is, meet in
an image that is for the device: then that image is noted as installed, and no upgrade
is started. A device or a build that names no OS never meets any.
"""

from uuid import UUID, uuid4

from application.commands.many_devices import change_all
from application.flashlog import Flashlog
from application.projections.views import Row
from application.queries.matching import Fitting, candidates, known
from domain.catalogue import FirmwareImage
from domain.device.device import Device


def note_firmware_of(
    flashlog: Flashlog, device_id: UUID, *, by: UUID | None = None
) -> None:
    """Note what a device runs, from the builds of its own organization."""
    device = flashlog.views.one("device", str(device_id))
    if device is None or device["image_id"] or not device["os"]:
        return
    images = flashlog.views.rows(
        "SELECT image.* FROM image JOIN build ON build.id = image.build_id"
        " JOIN category ON category.id = build.category_id"
        " WHERE build.os = ? AND category.organization_id = ?"
        " ORDER BY image.position",
        [device["os"], device["organization_id"]],
    )
    fitting = Fitting(candidates(images)).of(known(device))
    if fitting:
        _note(flashlog, [device], fitting[0].image_id, by=by)


def note_firmware_of_image(
    flashlog: Flashlog, image_id: UUID, *, by: UUID | None = None
) -> None:
    """Note a new image on every device that runs it and has no firmware noted yet."""
    rows = flashlog.views.rows(
        "SELECT image.*, build.os AS os, category.organization_id AS organization_id"
        " FROM image JOIN build ON build.id = image.build_id"
        " JOIN category ON category.id = build.category_id WHERE image.id = ?",
        [str(image_id)],
    )
    if not rows or not rows[0]["os"]:
        return
    (image,) = rows
    fitting = Fitting(candidates(rows))
    devices = flashlog.views.rows(
        "SELECT * FROM device WHERE os = ?1 AND image_id IS NULL"
        " AND (CAST(?2 AS TEXT) IS NULL OR organization_id = ?2)"
        " AND id IN (SELECT parent_id FROM connection) ORDER BY position",
        [image["os"], image["organization_id"]],
    )
    running = [device for device in devices if fitting.of_row(device)]
    _note(flashlog, running, image_id, by=by)


def _note(
    flashlog: Flashlog, rows: list[Row], image_id: UUID, *, by: UUID | None
) -> None:
    said = {UUID(row["id"]): (row["os"], row["version"]) for row in rows}

    def note(device: Device) -> FirmwareImage | None:
        image = flashlog.log.find(FirmwareImage, image_id)
        # Whoever changed the device meanwhile knows more than the rows did.
        if image is None or (device.os, device.version) != said[device.id]:
            return None
        device.assign_firmware(image_id, firmware_id=uuid4(), installed=True, by=by)
        return image

    change_all(flashlog, list(said), note)
