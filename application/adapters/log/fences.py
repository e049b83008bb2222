"""What must not have changed when events are appended, beside the stories they go to.

Asked under the lock that orders appends, so nothing can come between.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

from eventsourcing.persistence import IntegrityError

from application.adapters.database import Connection


class NoneSince(NamedTuple):
    """Events that must not have come after a position."""

    position: int
    topics: Collection[str]


def require_versions(
    connection: Connection, expected: Sequence[tuple[UUID, int]]
) -> None:
    """Raise IntegrityError unless these stories still have these versions."""
    for originator_id, version in expected:
        (found,) = connection.execute(
            "SELECT coalesce(max(originator_version), 0) FROM event"
            " WHERE originator_id = ?",
            (originator_id.bytes,),
        ).fetchone()
        if found != version:
            msg = f"the story of {originator_id} has gone on to {found}"
            raise IntegrityError(msg)


def require_none(connection: Connection, none_since: NoneSince | None) -> None:
    """Raise IntegrityError where one of these events has come meanwhile."""
    if none_since is None:
        return
    marks = ", ".join("?" * len(none_since.topics))
    found = connection.execute(
        f"SELECT topic FROM event WHERE position > ? AND topic IN ({marks}) LIMIT 1",  # noqa: S608
        (none_since.position, *none_since.topics),
    ).fetchone()
    if found is not None:
        msg = f"a {found[0]} has come since {none_since.position}"
        raise IntegrityError(msg)
