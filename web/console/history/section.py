"""The section of what happened, and what its pages call and link to."""

from web.console.rendering import link
from web.console.section import Section
from web.console.texts import marked

blueprint = Section("history", words=marked("History"))

EVENT_KINDS = {
    "Batch": marked("Mass upgrade"),
    "BatchTargets": marked("Targets of a mass upgrade"),
    "Build": marked("Build"),
    "Category": marked("Category"),
    "Credentials": marked("Credentials"),
    "Device": marked("Device"),
    "DeviceGroup": marked("Device group"),
    "FirmwareImage": marked("Image"),
    "Group": marked("Group of users"),
    "IdempotencyKey": marked("Key of a request"),
    "KnownHost": marked("Known host"),
    "Location": marked("Location"),
    "Organization": marked("Organization"),
    "Recordings": marked("Recordings of visits"),
    "Reservation": marked("Name or address taken"),
    "UpgradeOperation": marked("Upgrade"),
    "User": marked("User"),
}
# The pages of the things that events are about, and what those call their id.
_PAGES = {
    "UpgradeOperation": ("operations.detail", "operation_id"),
    "Device": ("devices.detail", "device_id"),
    "Batch": ("mass_upgrades.detail", "batch_id"),
    "Build": ("firmware.build", "build_id"),
    "FirmwareImage": ("firmware.image", "image_id"),
}


def path_of(kind: str, thing_id: str) -> str:
    """Return the page of what an event is about; blank where there is none."""
    if kind not in _PAGES:
        return ""
    endpoint, name = _PAGES[kind]
    return link(endpoint, **{name: thing_id})
