"""What every database of Flashlog can do: one text of SQL for SQLite and PostgreSQL.

A database here is one part of the storage (the log, the read models, the tree): a file
of SQLite, or a schema of the one PostgreSQL database. Statements are written once, in
what both understand, with SQLite's placeholders (`?`, `?1`, `:name`).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

Parameters = Sequence[Any] | Mapping[str, Any]


class ConstraintError(Exception):
    """The database refuses what a rule of its tables forbids; nothing is written."""


class Cursor(Protocol):
    """What a statement has found; a row is a tuple."""

    @property
    def description(self) -> Sequence[Sequence[Any]] | None: ...

    @property
    def rowcount(self) -> int: ...

    def fetchone(self) -> Any:
        """Return the next row, None after the last one."""

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""

    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """A connection that is lent to one thread."""

    def execute(self, statement: str, parameters: Parameters = (), /) -> Cursor:
        """Run one statement."""

    def executemany(
        self, statement: str, parameters: Iterable[Parameters], /
    ) -> object:
        """Run one statement again and again, in few round trips."""


class Growth(Protocol):
    """Whether somebody has committed something since it was last asked.

    True the first time, and whenever something may have been missed. Asking never
    waits and costs microseconds.
    """

    def has_happened(self) -> bool: ...

    def close(self) -> None: ...


class Database(Protocol):
    """One part of the storage; any thread may use it.

    What goes wrong is a ConstraintError, or a StorageError that says in a sentence what
    a person can do: LogBusyError and LogFullError that the same call may work again.
    """

    @property
    def name(self) -> str:
        """What a person knows it by; no secret is in it."""

    def reading(self) -> AbstractContextManager[Connection]:
        """Lend a connection outside a transaction."""

    @property
    def skip_locked(self) -> str:
        """What a SELECT ends with that leaves out what others are just writing."""

    def writing(self, *, alone: bool = True) -> AbstractContextManager[Connection]:
        """Lend a connection inside a transaction that nobody else can write beside.

        Commits at the end, rolls back on any error. Not `alone`: others may write
        other rows meanwhile, where the database can.
        """

    def growth(self) -> Growth:
        """Watch for what anybody commits."""

    def format(self) -> int:
        """Return the format that its tables were made with; 0 where there are none."""

    def make(
        self, schema: str, format_number: int, *, dropping: Collection[str] = ()
    ) -> None:
        """Make the tables that are missing, all at once, and note their format.

        The tables of `dropping` are dropped before, in the same transaction.
        """

    def tables(self) -> list[str]:
        """Return the names of the tables that there are."""

    def analyze(self) -> None:
        """Let those who plan its queries know what is in its tables by now."""

    def close(self) -> None: ...
