"""Find what somebody means among the rows that a service tells."""

from collections.abc import Iterable
from uuid import UUID

from application.errors import InvalidError, NotFoundError
from application.queries.finding import PREFIX_LENGTH_MIN
from web.cli.installation.ports import Row
from web.cli.remote.client import Client


def as_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def only(rows: Iterable[Row], text: str, *, kind: str, label: str = "name") -> UUID:
    """Return the one that was found. Raises NotFoundError for none and for several."""
    found = {row["id"]: row for row in rows}
    if len(found) == 1:
        return UUID(next(iter(found)))
    if not found:
        msg = f"the service shows you no {kind} {text!r}"
        raise NotFoundError(msg)
    names = ", ".join(f"{row.get(label)} ({each})" for each, row in found.items())
    msg = f"{text!r} fits several: {names}; use an id"
    raise NotFoundError(msg)


def by_beginning(client: Client, path: str, text: str, *, kind: str) -> UUID:
    """Find by an id or the beginning of it. Raises NotFoundError."""
    wanted = text.strip().lower()
    if len(wanted) < PREFIX_LENGTH_MIN:
        msg = (
            f"{text!r} is too short to tell one {kind} from another: give at least "
            f"{PREFIX_LENGTH_MIN} characters of the id"
        )
        raise NotFoundError(msg)
    try:
        rows = client.pages(path, limit=2, id__startswith=wanted)
        found = [row["id"] for row in rows]
    except InvalidError:  # nothing that an id may begin with
        found = []
    if len(found) > 1:
        msg = f"more than one {kind} begins with {text!r}: give more of the id"
        raise NotFoundError(msg)
    if not found:
        msg = (
            f"no {kind} has an id that begins with {text!r}: "
            f"`flashlog {kind} list` shows those there are"
        )
        raise NotFoundError(msg)
    return UUID(found[0])
