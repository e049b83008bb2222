"""An installation as it was after a position of the log.

Read models in memory are filled from the stories that an answer depends on, by the code
that fills those of now; then the code that answers now answers from them.
"""

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from uuid import UUID

import msgspec

from application.adapters.log.until import LogUntil
from application.adapters.sqlite.in_memory import InMemory
from application.flashlog import Flashlog
from application.log import Entry, EventLog
from application.past.patience import Patience, TooLongError
from application.projections.projector import make_views
from application.projections.row_writer import told_whole
from application.projections.told import take_operations
from application.projections.views import Row, Views
from application.projections.writing import insert

# So many stories are in memory at a time.
_CHUNK = 200


class House:
    """The read models of a moment while they are filled."""

    def __init__(self, now: Flashlog, position: int, patience: Patience) -> None:
        self.now = now
        self.position = position
        self.log = EventLog(LogUntil(now.log.recorder, position))
        self.patience = patience
        self._rows = InMemory()
        make_views(self._rows)
        self.views = Views(self._rows)

    def tell(self, ids: Sequence[UUID]) -> list[Entry]:
        """Fill in what these stories had made by then; returns their first events.

        A batch must be told before its operations; any other order makes the same rows.
        """
        begun: list[Entry] = []
        rest = iter(dict.fromkeys(ids))
        while chunk := list(islice(rest, _CHUNK)):
            self.patience.require_more()
            entries = self.log.stories(chunk)
            begun += [each for each in entries if each.event.originator_version == 1]
            with self._rows.writing() as connection:
                told_whole(entries).write(connection)
        return begun

    def take_operations(self, rows: Sequence[Row]) -> None:
        """Take over operations as they are now: nothing has happened to them since."""
        with self._rows.writing() as connection:
            take_operations(connection, rows)

    def let_own_as_now(self) -> None:
        """Let everything belong to whom it belongs now, who alone may be told of it."""
        organizations = self.now.views.all("organization")
        with self._rows.writing() as connection:
            for table, owners in (("device", "device_owner"), ("operation",) * 2):
                found = connection.execute(f"SELECT id FROM {table}")  # noqa: S608
                ids = [row_id for (row_id,) in found]
                owned = self.now.views.rows(
                    f"SELECT organization_id, id FROM {owners}"  # noqa: S608
                    " WHERE id IN (SELECT value FROM json_each(?))",
                    [msgspec.json.encode(ids).decode()],
                )
                connection.executemany(
                    f"UPDATE {table} SET organization_id = ? WHERE id = ?",  # noqa: S608
                    [tuple(row.values()) for row in owned],
                )
            connection.execute("DELETE FROM organization")
            insert(connection, "organization", organizations)

    def close(self) -> None:
        self.log.close()
        self._rows.close()


Fill = Callable[[House], None]


@contextmanager
def as_it_was(
    flashlog: Flashlog, position: int, fill: Fill, *, patience: Patience
) -> Iterator[Flashlog]:
    """Give the installation with the log and the read models of a position.

    `fill` tells the stories that are needed. Who owns what is as it is now. Raises
    TooLongError, also where the read models of now do not come to that position.
    """
    if not flashlog.show(position):
        msg = "The read models have not come to that moment yet: ask again soon."
        raise TooLongError(msg)
    house = House(flashlog, position, patience)
    try:
        fill(house)
        house.let_own_as_now()
        then = copy.copy(flashlog)
        then.log, then.views = house.log, house.views
        yield then
    finally:
        house.close()
