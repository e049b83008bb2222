"""A database in memory: for one thread, gone when it is closed."""

import sqlite3
from pathlib import Path

from application.adapters.sqlite.connections import Connections

_NAME = ":memory:"


class InMemory(Connections):
    """One connection, lent to one user after the other."""

    def __init__(self) -> None:
        super().__init__(Path(_NAME))
        self._idle.put(
            sqlite3.connect(_NAME, isolation_level=None, check_same_thread=False)
        )
