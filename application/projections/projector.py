"""From the log to the read models: rows and their position in one transaction."""

import logging
from collections.abc import Sequence
from threading import Event as Signal

from application.adapters.database import Connection, Database
from application.errors import StorageError
from application.log import Entry, EventLog
from application.projections.collecting import no_collecting
from application.projections.row_writer import RowWriter
from application.projections.tables import schema

VIEWS_FORMAT = 13
_BATCH = 5000
# How often the log is asked whether it has grown, in seconds.
_PAUSE_SECONDS = 0.004
# After trouble (a full disk, a lock) there is no hurry.
_TROUBLE_PAUSE_SECONDS = 0.2

_log = logging.getLogger(__name__)


class Projector:
    """Keeps the read models up with the log.

    One at a time, guarded by the caller; one that was overtaken writes nothing.
    """

    def __init__(self, log: EventLog, database: Database) -> None:
        self._log = log
        self._database = database
        self._writer = RowWriter(log)

    def run(self, stop: Signal) -> None:
        """Follow the log until told to stop."""
        growth, views = self._log.growth(), self._database.growth()
        try:
            is_behind = True
            while not stop.is_set():
                # The read models change by others too: somebody may have emptied them.
                has_changed = growth.has_happened() | views.has_happened()
                is_behind = has_changed or is_behind
                if is_behind:
                    is_behind = not self._could_catch_up()
                stop.wait(_TROUBLE_PAUSE_SECONDS if is_behind else _PAUSE_SECONDS)
        finally:
            growth.close()
            views.close()

    def catch_up(self) -> int:
        """Take in everything up to the end of the log; returns the position."""
        begun = position = self.position()
        while self._take_next(after=position):
            position = self.position()
        if begun == 0 and position >= _BATCH:
            self._database.analyze()
        return position

    def _could_catch_up(self) -> bool:
        try:
            self.catch_up()
        except StorageError as error:
            _log.warning("the read models fall behind: %s", error)
            return False
        return True

    def position(self) -> int:
        with self._database.reading() as connection:
            return position_in(connection)

    def rebuild(self) -> int:
        """Drop the read models and make them again from the log."""
        self._writer.forget_all()
        self.drop()
        return self.catch_up()

    def drop(self) -> None:
        """Empty the read models; whoever is the projector makes them again."""
        drop_views(self._database)

    def _take_next(self, *, after: int) -> bool:
        """Take in one stretch of the log; False when it has ended."""
        with no_collecting():
            entries = self._log.read(after=after, limit=_BATCH)
            if entries:
                self._take(entries)
            return bool(entries)

    def _take(self, entries: Sequence[Entry]) -> None:
        told = self._writer.tell(entries)
        with self._database.writing(alone=False) as connection:
            is_next = connection.execute(
                "UPDATE progress SET position = ?"
                " WHERE name = 'views' AND position = ?",
                (entries[-1].position, entries[0].position - 1),
            ).rowcount
            if not is_next:
                # Emptied meanwhile, for a rebuild, or somebody else is the projector:
                # begin again from where they are.
                return
            told.write(connection)
        self._writer.forget_the_ended(told)


def open_views(database: Database) -> Database:
    """Return the read models; those of another format are made again from the log."""
    found = database.format()
    if found not in {0, VIEWS_FORMAT}:
        drop_views(database)
    elif found == 0:
        make_views(database)
    return database


def make_views(database: Database) -> None:
    database.make(schema(), VIEWS_FORMAT)


def drop_views(database: Database) -> None:
    """Empty the read models, all at once: who is killed here leaves them whole."""
    # Turns are not made from the log: uploads go on while this happens.
    tables = [table for table in database.tables() if table != "turn"]
    # Whoever projects writes this one first, too: neither waits for the other.
    tables.sort(key=lambda table: table != "progress")
    database.make(schema(), VIEWS_FORMAT, dropping=tables)


def position_in(connection: Connection) -> int:
    found = connection.execute(
        "SELECT position FROM progress WHERE name = 'views'"
    ).fetchone()
    return int(found[0]) if found else 0
