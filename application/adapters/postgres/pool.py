"""Connections to PostgreSQL: how they are opened, lent and given up."""

import select
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from queue import Empty, LifoQueue
from threading import BoundedSemaphore
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus

from application.adapters.postgres.adapting import adapters
from application.adapters.postgres.errors import explained
from application.errors import LogBusyError, StorageError

Raw = psycopg.Connection[tuple[Any, ...]]

SCHEMAS = ("log", "views", "audit", "vault", "shared")

_BUSY_SECONDS = 5.0
_STATEMENT_SECONDS = 60.0
# Whoever is frozen in the middle of a transaction does not keep the others waiting.
_IDLE_IN_TRANSACTION_SECONDS = 10.0
# What can be said in a URL as well, and is then left as it was said there.
_WHERE_UNSAID: Mapping[str, str] = {
    "application_name": "flashlog",
    "connect_timeout": "5",
    # A failed primary that came back as a standby is no place to write to.
    "target_session_attrs": "read-write",
    # A server that is gone without a word is given up after about 11 seconds.
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "11000",
}


def _of_session(busy_seconds: float) -> Mapping[str, str]:
    # The server, too, gives up who is gone without a word: then its locks are free.
    return {
        "search_path": ",".join(f"flashlog_{each}" for each in SCHEMAS),
        "synchronous_commit": "on",
        "lock_timeout": f"{int(busy_seconds * 1000)}ms",
        "statement_timeout": f"{int(_STATEMENT_SECONDS * 1000)}ms",
        "idle_in_transaction_session_timeout": (
            f"{int(_IDLE_IN_TRANSACTION_SECONDS * 1000)}ms"
        ),
        "tcp_keepalives_idle": "5",
        "tcp_keepalives_interval": "2",
        "tcp_keepalives_count": "3",
        "client_connection_check_interval": "5s",
        "jit": "off",
        # Nearly all that is asked is a few rows that an index knows, and in memory.
        "random_page_cost": "1.1",
        # Our joins stand in a good order: to try all others takes ten times as long
        # as the answer.
        "join_collapse_limit": "4",
    }


class Pool:
    """Connections of this process to one database, lent to one thread each."""

    def __init__(
        self,
        url: str,
        *,
        connections_max: int = 16,
        busy_seconds: float = _BUSY_SECONDS,
    ) -> None:
        try:
            said = conninfo_to_dict(url)
        except psycopg.Error as error:
            msg = f"FLASHLOG_DATABASE_URL is none that PostgreSQL knows: {error}"
            raise StorageError(msg.strip()) from None
        self.name = _name(said)
        self.busy_seconds = busy_seconds
        options = " ".join(
            f"-c {name}={value}" for name, value in _of_session(busy_seconds).items()
        )
        unsaid = {k: v for k, v in _WHERE_UNSAID.items() if k not in said}
        self._conninfo = make_conninfo(
            url, **unsaid, options=f"{said.get('options') or ''} {options}".strip()
        )
        self._adapters = adapters()
        self._idle: LifoQueue[Raw] = LifoQueue()
        self._free = BoundedSemaphore(connections_max)

    @contextmanager
    def lent(self) -> Iterator[Raw]:
        """Lend a connection outside a transaction. Raises StorageError.

        One that does not come back as it went is closed; the next call gets another.
        """
        if not self._free.acquire(timeout=self.busy_seconds):
            msg = f"all connections to {self.name} are in use: try again"
            raise LogBusyError(msg)
        try:
            connection = self._take()
            try:
                yield connection
            finally:
                self._give_back(connection)
        finally:
            self._free.release()

    def open(self) -> Raw:
        """Open a connection that the caller keeps and closes. Raises StorageError."""
        try:
            return psycopg.Connection.connect(
                self._conninfo,
                autocommit=True,
                context=self._adapters,
                cursor_factory=psycopg.RawCursor,
            )
        except psycopg.Error as error:
            raise explained(error, self.name) from error

    def let_go(self) -> None:
        """Close what is idle: the server may not be any more what it was."""
        with suppress(Empty):
            while True:
                self._idle.get_nowait().close()

    close = let_go

    def _take(self) -> Raw:
        with suppress(Empty):
            while True:
                connection = self._idle.get_nowait()
                if _is_well(connection):
                    return connection
                connection.close()
        return self.open()

    def _give_back(self, connection: Raw) -> None:
        if connection.info.transaction_status is TransactionStatus.IDLE:
            self._idle.put(connection)
        else:
            connection.close()


def _is_well(connection: Raw) -> bool:
    """Whether the server has not closed it meanwhile; nothing is asked for that."""
    poll = select.poll()
    try:
        poll.register(connection.fileno(), select.POLLIN)
        while poll.poll(0):  # its last words, and then its end
            connection.pgconn.consume_input()
    except psycopg.Error:
        return False
    return not connection.closed


def _name(said: Mapping[str, Any]) -> str:
    """Tell a database without the secrets that are in its URL."""
    host = said.get("host") or said.get("hostaddr") or "localhost"
    port = f":{said['port']}" if said.get("port") else ""
    database = said.get("dbname") or said.get("user") or ""
    return f"postgresql://{quote(str(host), safe='/,')}{port}/{database}"
