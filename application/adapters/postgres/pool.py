"""Connections to PostgreSQL: how they are opened, lent and given up."""

import select
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from queue import Empty, LifoQueue
from threading import BoundedSemaphore

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.pq import TransactionStatus

from application.adapters.postgres.adapting import adapters
from application.adapters.postgres.errors import explained
from application.adapters.postgres.url import name_of, read_url
from application.adapters.postgres.waiting import Connection as Raw
from application.adapters.postgres.waiting import Silence
from application.errors import LogBusyError

__all__ = ["SCHEMAS", "Pool", "Raw"]

SCHEMAS = ("log", "views", "audit", "vault", "shared")

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


def _of_session(
    busy_seconds: float, statement_seconds: float, answer_seconds: float
) -> Mapping[str, str]:
    # The server, too, gives up who is gone without a word: then its locks are free.
    return {
        "search_path": ",".join(f"flashlog_{each}" for each in SCHEMAS),
        "synchronous_commit": "on",
        # Who waited for its turn must see what was committed meanwhile.
        "default_transaction_isolation": r"read\ committed",
        "lock_timeout": _milliseconds(busy_seconds),
        "statement_timeout": _milliseconds(statement_seconds),
        # Whoever is frozen in the middle of a transaction does not keep the others
        # waiting; whoever only listens is not cut off.
        "idle_in_transaction_session_timeout": _milliseconds(answer_seconds),
        "idle_session_timeout": "0",
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
    """Connections of this process to one database, lent to one thread each.

    A statement that waits for a lock is given up after `busy_seconds`, one that takes
    long after `statement_seconds`; a server that does not even say so, or anything at
    all, `answer_seconds` later.
    """

    def __init__(
        self,
        url: str,
        *,
        connections_max: int = 16,
        busy_seconds: float = 5.0,
        statement_seconds: float = 60.0,
        answer_seconds: float = 10.0,
    ) -> None:
        said = read_url(url)
        self.name = name_of(said)
        self.busy_seconds = busy_seconds
        self.answer_seconds = answer_seconds
        self._limit_seconds = statement_seconds + answer_seconds
        session = _of_session(busy_seconds, statement_seconds, answer_seconds)
        options = " ".join(f"-c {name}={value}" for name, value in session.items())
        unsaid = {k: v for k, v in _WHERE_UNSAID.items() if k not in said}
        self._conninfo = make_conninfo(
            url,
            **unsaid,
            client_encoding="UTF8",
            options=f"{said.get('options') or ''} {options}".strip(),
        )
        self._adapters = adapters()
        self._silence = Silence()
        self._idle: LifoQueue[Raw] = LifoQueue()
        self._free = BoundedSemaphore(connections_max)
        self._when_opened: list[Callable[[Raw], None]] = []
        self._is_closed = False

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

    def when_opened(self, call: Callable[[Raw], None]) -> None:
        """Call with each new connection before anybody uses it; may raise."""
        self._when_opened.append(call)

    def open(self) -> Raw:
        """Open a connection that the caller keeps and closes. Raises StorageError."""
        try:
            connection = Raw.connect(
                self._conninfo,
                autocommit=True,
                context=self._adapters,
                cursor_factory=psycopg.RawCursor,
            )
        except psycopg.Error as error:
            raise explained(error, self.name) from error
        connection.limit_seconds = self._limit_seconds
        connection.silence = self._silence
        try:
            for call in self._when_opened:
                call(connection)
        except BaseException as error:
            connection.close()
            if isinstance(error, psycopg.Error):
                raise explained(error, self.name) from error
            raise
        return connection

    def let_go(self) -> None:
        """Close what is idle: the server may not be any more what it was."""
        with suppress(Empty):
            while True:
                self._idle.get_nowait().close()

    def give_up(self) -> None:
        """Let everybody who waits for an answer wait no longer: there will be none."""
        self._silence.is_found()
        self.let_go()

    def close(self) -> None:
        """Close what is idle now, and what is lent when it comes back."""
        self._is_closed = True
        self.let_go()

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
        if self._is_closed:
            self.let_go()


def _is_well(connection: Raw) -> bool:
    """Whether the server has said nothing meanwhile: unasked it tells of its end."""
    poll = select.poll()
    try:
        poll.register(connection.fileno(), select.POLLIN)
    except psycopg.Error:
        return False
    return not poll.poll(0)


def _milliseconds(seconds: float) -> str:
    # 0 would be no limit at all.
    return f"{max(1, int(seconds * 1000))}ms"
