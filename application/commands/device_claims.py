"""What one device alone may have: its name, its MAC address and its key."""

from uuid import UUID

from application.commands.claims import Key
from application.flashlog import Flashlog

TAKEN = "A device of this organization has it already."
KEY_TAKEN = "A device has this key already."


def name_key(organization_id: UUID, name: str) -> Key:
    return Key(f"organization/{organization_id}/device/name", name)


def mac_key(organization_id: UUID, mac_address: str) -> Key:
    return Key(f"organization/{organization_id}/device/mac", mac_address)


def secret_key(flashlog: Flashlog, key: str) -> Key:
    """Return how the log names a device's key without telling it."""
    return Key("device/key", flashlog.vault.mark("device-key", key), exact=True)
