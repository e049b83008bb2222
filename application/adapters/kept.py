"""Small things that all processes of an installation share, by name."""

from pathlib import Path
from typing import Protocol

from application.adapters.database import Database
from application.adapters.durable import replace, write_once


class Kept(Protocol):
    """Where they are kept; each is there whole, or not at all."""

    def load(self, name: str) -> bytes | None: ...

    def save(self, name: str, content: bytes) -> None: ...

    def save_first(self, name: str, content: bytes) -> bytes:
        """Save it unless there is one; returns the one that is there."""

    def forget(self, name: str) -> None: ...


class KeptFiles:
    """Files of the data directory, which only their owner can read."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def load(self, name: str) -> bytes | None:
        try:
            return (self._directory / name).read_bytes()
        except FileNotFoundError:
            return None

    def save(self, name: str, content: bytes) -> None:
        replace(self._directory / name, content)

    def save_first(self, name: str, content: bytes) -> bytes:
        path = self._directory / name
        if not path.exists():
            write_once(path, content)
        return path.read_bytes()

    def forget(self, name: str) -> None:
        (self._directory / name).unlink(missing_ok=True)


class KeptRows:
    """Rows of the table `kept`.

    An installation that had files `before` goes on with what was in them.
    """

    def __init__(self, database: Database, before: Kept) -> None:
        self._database = database
        self._before = before

    def load(self, name: str) -> bytes | None:
        with self._database.reading() as connection:
            found = connection.execute(
                "SELECT content FROM kept WHERE name = ?", (name,)
            ).fetchone()
        return bytes(found[0]) if found else None

    def save(self, name: str, content: bytes) -> None:
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO kept VALUES (?, ?)"
                " ON CONFLICT (name) DO UPDATE SET content = excluded.content",
                (name, content),
            )

    def save_first(self, name: str, content: bytes) -> bytes:
        found = self.load(name)
        if found is not None:
            return found
        content = self._before.load(name) or content
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO kept VALUES (?, ?) ON CONFLICT DO NOTHING", (name, content)
            )
            (first,) = connection.execute(
                "SELECT content FROM kept WHERE name = ?", (name,)
            ).fetchone()
        return bytes(first)

    def forget(self, name: str) -> None:
        with self._database.writing() as connection:
            connection.execute("DELETE FROM kept WHERE name = ?", (name,))
