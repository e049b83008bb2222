"""One part of the storage as a schema of the PostgreSQL database."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib.resources import files

import psycopg
from psycopg import errors

from application.adapters.database import ConstraintError, Cursor, Growth, Parameters
from application.adapters.postgres.errors import explained
from application.adapters.postgres.keys import key_of
from application.adapters.postgres.listener import Listener
from application.adapters.postgres.pool import Pool, Raw
from application.adapters.postgres.translation import of_tables, translated

_REFUSALS = (errors.IntegrityError, errors.RaiseException)
# Where what our statements use and PostgreSQL lacks is made.
_WITH_FUNCTIONS = "flashlog_views"


class PostgresConnection:
    """A connection that takes our SQL."""

    def __init__(self, raw: Raw) -> None:
        self.raw = raw

    def execute(self, statement: str, parameters: Parameters = (), /) -> Cursor:
        told = translated(statement)
        return self.raw.cursor().execute(
            told.statement.encode(), told.values(parameters), binary=True
        )

    def executemany(
        self, statement: str, parameters: Iterable[Parameters], /
    ) -> object:
        told = translated(statement)
        cursor = self.raw.cursor()
        cursor.executemany(told.statement.encode(), map(told.values, parameters))
        return cursor


class PostgresDatabase:
    """The tables of one schema (`flashlog_log`, …); the pool is shared with others.

    `is_durable` False: what was committed beside others in the last moment may be lost
    when the server's machine fails; for what can be made again from the log. What is
    written alone (whose turn it is) cannot.
    """

    def __init__(
        self, pool: Pool, listener: Listener, part: str, *, is_durable: bool = True
    ) -> None:
        self.pool = pool
        self.schema = f"flashlog_{part}"
        self.name = f"{pool.name} ({part})"
        self._listener = listener
        durability = "" if is_durable else "SET LOCAL synchronous_commit = off; "
        self.lock_key = key_of(self.schema)
        self._begin = f"BEGIN; SELECT pg_advisory_xact_lock({self.lock_key})".encode()
        self._begin_beside = f"BEGIN; {durability}".encode()
        self._commit = f'NOTIFY "{self.schema}"; COMMIT'.encode()

    @contextmanager
    def reading(self) -> Iterator[PostgresConnection]:
        with self._told(), self.pool.lent() as raw:
            yield PostgresConnection(raw)

    skip_locked = " FOR UPDATE SKIP LOCKED"

    @contextmanager
    def writing(self, *, alone: bool = True) -> Iterator[PostgresConnection]:
        with self._told(), self.pool.lent() as raw:
            try:
                raw.execute(self._begin if alone else self._begin_beside)
                yield PostgresConnection(raw)
                raw.execute(self._commit)
            except BaseException:
                with suppress(psycopg.Error):
                    raw.execute(b"ROLLBACK")
                raise

    def growth(self) -> Growth:
        return self._listener.growth(self.schema)

    def format(self) -> int:
        with self.reading() as connection:
            (found,) = connection.execute(
                "SELECT to_regclass(?)", (f"{self.schema}.format",)
            ).fetchone()
            if found is None:
                return 0
            made = connection.execute(
                f"SELECT number FROM {self.schema}.format"  # noqa: S608
            ).fetchone()
        return int(made[0]) if made else 0

    def make(
        self, schema: str, format_number: int, *, dropping: Collection[str] = ()
    ) -> None:
        functions = ""
        if self.schema == _WITH_FUNCTIONS:
            functions = files(__package__).joinpath("functions.sql").read_text()
        self.make_as_written(
            f"{functions}\n{of_tables(schema)}",
            format_number=format_number,
            dropping=dropping,
        )

    def make_as_written(
        self, schema: str, *, format_number: int, dropping: Collection[str] = ()
    ) -> None:
        """Make the tables from SQL of PostgreSQL's own."""
        drops = "".join(f'DROP TABLE IF EXISTS "{each}" CASCADE; ' for each in dropping)
        script = (
            f"CREATE SCHEMA IF NOT EXISTS {self.schema};"  # noqa: S608
            f" SET LOCAL search_path = {self.schema};"
            " SET LOCAL client_min_messages = warning;"
            f" {drops} {schema}\n;"
            " CREATE TABLE IF NOT EXISTS format (number BIGINT NOT NULL);"
            f" DELETE FROM format; INSERT INTO format VALUES ({format_number})"
        )
        with self.writing() as connection:
            connection.raw.execute(script.encode())

    def tables(self) -> list[str]:
        with self.reading() as connection:
            found = connection.execute(
                "SELECT tablename FROM pg_tables"
                " WHERE schemaname = ? AND tablename <> 'format'",
                (self.schema,),
            ).fetchall()
        return [str(name) for (name,) in found]

    def analyze(self) -> None:
        tables = ", ".join(f'{self.schema}."{table}"' for table in self.tables())
        with self.reading() as connection:
            connection.execute(f"ANALYZE {tables}")

    def close(self) -> None:
        """Leave the pool open, which others use."""

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say in our words what PostgreSQL complains of."""
        try:
            yield
        except _REFUSALS as error:
            raise ConstraintError(_sentence(error)) from error
        except errors.ReadOnlySqlTransaction as error:
            self.pool.let_go()
            raise explained(error, self.name) from error
        except psycopg.Error as error:
            raise explained(error, self.name) from error


def _sentence(error: psycopg.Error) -> str:
    return str(error.diag.message_primary or error)
