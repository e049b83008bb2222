"""The key that an agent on the router may show; Flashlog itself makes no use of it."""

import hmac
from uuid import UUID

from application.flashlog import Flashlog
from application.projections.views import Row

# Of hexadecimal digits: those that name the device, and those that nobody can guess.
_NAME_LENGTH = _SECRET_LENGTH = 32


def key_of(flashlog: Flashlog, row: Row) -> str:
    """Return the key of a device: the one that was given, or else one of its own.

    That one follows from the device's id and the key of the vault, so that there is
    nothing to keep.
    """
    if row["key_id"]:
        return str(flashlog.vault.get(UUID(row["key_id"]))["key"])
    return _made_up(flashlog, UUID(row["id"]))


def holder_of_made_up(flashlog: Flashlog, key: str) -> UUID | None:
    """Return the device that such a key follows from; None for any other key."""
    try:
        device_id = UUID(hex=key[:_NAME_LENGTH])
    except ValueError:
        return None
    is_its_own = hmac.compare_digest(
        key.encode(), _made_up(flashlog, device_id).encode()
    )
    return device_id if is_its_own else None


def _made_up(flashlog: Flashlog, device_id: UUID) -> str:
    secret = flashlog.vault.mark("device-key", str(device_id))
    return f"{device_id.hex}{secret[:_SECRET_LENGTH]}"
