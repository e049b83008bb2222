"""Find the operation that somebody means, or something else by its id."""

from uuid import UUID

from application.flashlog import Flashlog
from domain.errors import NotFoundError

PREFIX_LENGTH_MIN = 6


def find_operation(flashlog: Flashlog, text: str) -> UUID:
    """Find an operation by its id or the beginning of it. Raises NotFoundError."""
    return find_by_id(flashlog, "operation", text, several="operations")


def find_by_id(flashlog: Flashlog, table: str, text: str, *, several: str) -> UUID:
    """Find something by its id or the beginning of it. Raises NotFoundError.

    `table` is what it is called, `several` what more than one are.
    """
    wanted = text.strip().lower()
    if len(wanted) < PREFIX_LENGTH_MIN:
        msg = (
            f"{text!r} is too short to tell {several} apart: give at least "
            f"{PREFIX_LENGTH_MIN} characters of the id"
        )
        raise NotFoundError(msg)
    found = flashlog.views.rows(
        f"SELECT id FROM {table} WHERE substr(id, 1, length(?1)) = ?1"  # noqa: S608
        " LIMIT 2",
        [wanted],
    )
    if len(found) > 1:
        msg = f"several {several} begin with {text!r}: give more of the id"
        raise NotFoundError(msg)
    if not found:
        msg = (
            f"no {table} has an id that begins with {text!r}: "
            f"`flashlog {table} list` shows those there are"
        )
        raise NotFoundError(msg)
    return UUID(found[0]["id"])
