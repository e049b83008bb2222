"""Find the operation that somebody means."""

from uuid import UUID

from application.flashlog import Flashlog
from domain.errors import NotFoundError

_PREFIX_LENGTH_MIN = 6


def find_operation(flashlog: Flashlog, text: str) -> UUID:
    """Find an operation by its id or the beginning of it. Raises NotFoundError."""
    wanted = text.strip().lower()
    if len(wanted) < _PREFIX_LENGTH_MIN:
        msg = (
            f"{text!r} is too short for an operation: give at least "
            f"{_PREFIX_LENGTH_MIN} characters of its id"
        )
        raise NotFoundError(msg)
    found = flashlog.views.rows(
        "SELECT id FROM operation WHERE substr(id, 1, length(?1)) = ?1 LIMIT 2",
        [wanted],
    )
    if len(found) > 1:
        msg = f"several operations begin with {text!r}: give more of the id"
        raise NotFoundError(msg)
    if not found:
        msg = (
            f"no operation has an id that begins with {text!r}: "
            "`flashlog operation list` shows those there are"
        )
        raise NotFoundError(msg)
    return UUID(found[0]["id"])
