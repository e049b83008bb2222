"""Groups and locations that must hold no device: they are to go, or change hands."""

from uuid import UUID

from eventsourcing.persistence import IntegrityError
from msgspec import structs

from application.adapters.log.fences import NoneSince
from application.commands.many_devices import change_all
from application.commands.standing import up_to_now
from application.flashlog import Flashlog
from domain.device.device import Device
from domain.device.events import Changed, Registered
from domain.errors import InvalidError

# The fields of a device that say where it is.
GROUP, LOCATION = "group_id", "location_id"

_COMES_BY = (Registered.TOPIC, Changed.TOPIC)


def require_empty(
    flashlog: Flashlog, field: str, place_id: UUID, *, complaint: str
) -> NoneSince:
    """Refuse where devices are in it; returns what must not come meanwhile.

    Raises InvalidError on `organization`.
    """
    nothing_new = up_to_now(flashlog, _COMES_BY)
    if _devices_in(flashlog, field, place_id):
        raise InvalidError.of("organization", complaint)
    return nothing_new


def empty(
    flashlog: Flashlog, field: str, place_id: UUID, *, by: UUID | None
) -> NoneSince:
    """Let all devices leave it; returns what must not come meanwhile.

    What a crash leaves undone is done by emptying it again. Raises IntegrityError where
    others come in as these leave.
    """

    def leave(device: Device) -> None:
        if getattr(device, field) == place_id:
            said = structs.replace(device.description, **{field: None})
            device.change(said, by=by)

    up_to_now(flashlog, _COMES_BY)
    change_all(flashlog, _devices_in(flashlog, field, place_id), leave)
    nothing_new = up_to_now(flashlog, _COMES_BY)
    if _devices_in(flashlog, field, place_id):
        raise IntegrityError
    return nothing_new


def _devices_in(flashlog: Flashlog, field: str, place_id: UUID) -> list[UUID]:
    rows = flashlog.views.all("device", {field: str(place_id)})
    return [UUID(row["id"]) for row in rows]
