"""What is in an image, as far as its release has said."""

from collections.abc import Mapping
from uuid import UUID

from application.log import EventLog
from domain.catalogue import Build, FirmwareImage


def packages_of_image(log: EventLog, image_id: UUID) -> Mapping[str, str] | None:
    """Return the packages that an image brings, each with its version.

    A blank version is that of a package of this device alone, of which the release
    says no more than its name. None where nobody has said what is in the image.
    Raises NotFoundError.
    """
    facts = log.get(FirmwareImage, image_id).facts
    manifest = log.get(Build, facts.build_id).manifests.get(facts.target)
    if manifest is None:
        return None
    packages = dict(manifest)
    for name in facts.device_packages:
        if name.startswith("-"):
            packages.pop(name[1:], None)
        else:
            packages.setdefault(name, "")
    return packages
