"""What a person must confirm by repeating the device's name, before anything starts."""

from typing import Any
from uuid import UUID

from application.flashlog import Flashlog
from domain.catalogue import FirmwareImage
from domain.device.device import Device
from domain.options import UpgradeOptions
from domain.release import Release, is_downgrade


def reasons_to_confirm(
    flashlog: Flashlog, *, device_id: UUID, image_id: UUID, options: Any = None
) -> tuple[str, ...]:
    """Say why this upgrade is dangerous, a sentence for each reason; often none.

    What a router runs is known from the last visit; where there was none, nothing can
    be said of a downgrade. Raises InvalidError for options that make no sense, and
    NotFoundError.
    """
    device = flashlog.log.get(Device, device_id)
    image = flashlog.log.get(FirmwareImage, image_id).facts
    learned = device.learned
    return reasons_of(
        options,
        running=(learned.release, learned.revision) if learned else None,
        wanted=(image.release, image.revision),
    )


def reasons_of(
    options: Any, *, running: tuple[str, str] | None, wanted: tuple[str, str]
) -> tuple[str, ...]:
    """Say the same of releases and revisions; None: nothing is known of the router.

    Raises InvalidError.
    """
    reasons = list(UpgradeOptions.parse(options).needs_confirmation)
    if running is None:
        return tuple(reasons)
    old, new = Release.parse(*running), Release.parse(*wanted)
    if is_downgrade(old, new):
        reasons.append(f"it replaces {old} by {new}, which is not known to be newer")
    return tuple(reasons)
