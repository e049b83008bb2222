"""Whether the database of the log is what Flashlog made, beside the rows in it.

Rows may be right and answers wrong all the same: an index may leave some out, a view
may stand where the table was, and a log without its triggers refuses nothing.
"""

import logging
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from importlib.resources import files
from pathlib import Path

from application.adapters.sqlite.connections import Connections

_log = logging.getLogger(__name__)

_SELECT = "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'"
_COMMENT = re.compile(r"--[^\n]*")
_TOLD_MAX = 5


def log_schema() -> str:
    """Return the statements that make the tables of the log."""
    return files("application.adapters.sqlite").joinpath("log.sql").read_text()


def unsound(path: Path) -> Iterator[str]:
    """Say what is not as it should be, a sentence each. Raises StorageError."""
    connections = Connections(path)
    try:
        with connections.reading() as connection:
            found = _objects(connection)
            checked = [
                str(text)
                for (text,) in connection.execute(
                    f"PRAGMA integrity_check({_TOLD_MAX})"
                )
                if text != "ok"
            ]
    finally:
        connections.close()
    yield from _compared(found, _meant())
    yield from checked


def guard(connections: Connections) -> None:
    """Make the triggers of the log again where somebody has taken them away.

    A look costs some microseconds. Raises StorageError.
    """
    with connections.reading() as connection:
        found = connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'trigger'"
        )
        if {name for (name,) in found} >= _guards():
            return
        _log.error("action=log_unguarded its triggers were gone; they are made again")
        connection.executescript(f"BEGIN IMMEDIATE; {log_schema()} COMMIT;")


def _compared(
    found: dict[tuple[str, str], str], meant: dict[tuple[str, str], str]
) -> Iterator[str]:
    for kind, name in sorted(meant.keys() - found.keys()):
        yield f"its {kind} {name} is gone"
    for kind, name in sorted(found.keys() - meant.keys()):
        yield f"it has a {kind} {name} that Flashlog did not make"
    for kind, name in sorted(found.keys() & meant.keys()):
        if found[kind, name] != meant[kind, name]:
            yield f"its {kind} {name} is another than Flashlog made"


def _meant() -> dict[tuple[str, str], str]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(log_schema())
        return _objects(connection)


def _objects(connection: sqlite3.Connection) -> dict[tuple[str, str], str]:
    """Return what was made, by kind and name; comments and blanks do not count."""
    return {
        (kind, name): " ".join(_COMMENT.sub("", sql or "").split())
        for kind, name, sql in connection.execute(_SELECT)
    }


@cache
def _guards() -> frozenset[str]:
    return frozenset(name for kind, name in _meant() if kind == "trigger")
