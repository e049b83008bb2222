"""One thing as a row of the read models of a moment, for those who own the log."""

from collections.abc import Callable, Mapping
from uuid import UUID

from application.flashlog import Flashlog
from application.past.house import Fill, House, as_it_was
from application.past.patience import Patience
from application.past.stories import of_batch, of_device, of_operation
from application.projections.views import Row


def _of_image(image_id: UUID) -> Fill:
    def fill(house: House) -> None:
        house.tell([image_id])

    return fill


_FILLS: Mapping[str, Callable[[UUID], Fill]] = {
    "operation": of_operation,
    "device": of_device,
    "batch": of_batch,
    "image": _of_image,
}


def state_at(
    flashlog: Flashlog, kind: str, thing_id: UUID, position: int
) -> Row | None:
    """Return the row of a thing after a position; None where there was none.

    Of users there is no row to tell: what is known of them is in the vault, and only
    as it is now. Raises TooLongError.
    """
    if kind not in _FILLS:
        return None
    patience = Patience(flashlog.settings)
    fill = _FILLS[kind](thing_id)
    with as_it_was(flashlog, position, fill, patience=patience) as then:
        return then.views.one(kind, str(thing_id))
