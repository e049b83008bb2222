"""The key that an agent on the router may show; Flashlog itself makes no use of it."""

from uuid import UUID

from application.flashlog import Flashlog
from application.projections.views import Row

_LENGTH = 32


def key_of(flashlog: Flashlog, row: Row) -> str:
    """Return the key of a device: the one that was given, or else one of its own.

    That one follows from the device's id and the key of the vault, so that there is
    nothing to keep.
    """
    if row["key_id"]:
        return str(flashlog.vault.get(UUID(row["key_id"]))["key"])
    return flashlog.vault.mark("device-key", row["id"])[:_LENGTH]
