"""What one device alone may have: its name, its MAC address and its key."""

from uuid import UUID

from application.commands.claims import Claims, Key
from application.flashlog import Flashlog
from application.queries.device_keys import holder_of_made_up

TAKEN = "A device of this organization has it already."
_KEY_TAKEN = "A device has this key already."


def name_key(organization_id: UUID, name: str) -> Key:
    return Key(f"organization/{organization_id}/device/name", name)


def mac_key(organization_id: UUID, mac_address: str) -> Key:
    return Key(f"organization/{organization_id}/device/mac", mac_address)


def secret_key(flashlog: Flashlog, key: str) -> Key:
    """Return how the log names a device's key without telling it."""
    return Key("device/key", flashlog.vault.mark("device-key", key), exact=True)


def claim_key(flashlog: Flashlog, claims: Claims, key: str, device_id: UUID) -> None:
    """Claim a key, which may be none that was made up for another device."""
    claims.claim("key", secret_key(flashlog, key), device_id, taken=_KEY_TAKEN)
    if holder_of_made_up(flashlog, key) not in {None, device_id}:
        claims.wrong["key"] = [_KEY_TAKEN]
