"""Find the device that somebody means."""

from typing import Any
from uuid import UUID

from application.flashlog import Flashlog
from application.queries.folding import folded
from domain.errors import InvalidError, NotFoundError
from domain.identity import normalise_mac


def find_device(flashlog: Flashlog, text: str) -> UUID:
    """Find a device by name, MAC address, address or id.

    Raises NotFoundError, also when several devices fit: then the message lists them.
    """
    candidates: list[dict[str, Any]] = flashlog.views.rows(
        "SELECT DISTINCT device.id, device.name FROM device,"
        " json_each(device.addresses) AS address"
        " WHERE address.value = ?1"
        " UNION SELECT id, name FROM device"
        " WHERE id = ?3 OR lower(name) = ?3 OR mac_address = ?2",
        [text, _mac_or_blank(text), folded(text)],
    )
    if not candidates:
        msg = (
            f"no device has the name, MAC, address or id {text!r}: "
            "`flashlog device list` shows those there are"
        )
        raise NotFoundError(msg)
    if len(candidates) > 1:
        names = ", ".join(f"{row['name']} ({row['id']})" for row in candidates)
        msg = f"{text!r} fits several devices: {names}; use an id"
        raise NotFoundError(msg)
    return UUID(candidates[0]["id"])


def _mac_or_blank(text: str) -> str:
    try:
        return normalise_mac(text)
    except InvalidError:
        return ""
