"""Who has asked how often lately, counted by all processes together."""

import logging
import math
from collections import OrderedDict
from threading import Lock
from time import monotonic

from application.adapters.asked import AskedHere
from application.adapters.postgres.database import PostgresDatabase
from application.errors import StorageError

_log = logging.getLogger(__name__)

# The number of this kind of lock; the name of who asks gives the other one.
_KIND = 0x466C62
_REMEMBERED = 10_000
_NOW = "extract(epoch FROM clock_timestamp())::float8"
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(?::int, hashtext(?::text))"
_FORGET = (
    "DELETE FROM asked WHERE number IN (SELECT number FROM asked"  # noqa: S608
    f" WHERE until <= {_NOW} FOR UPDATE SKIP LOCKED)"
)
_COUNT = (
    f"SELECT count(*), min(until) - {_NOW} FROM asked"  # noqa: S608
    f" WHERE who = ? AND until > {_NOW}"
)
_ADD = f"INSERT INTO asked (who, until) VALUES (?, {_NOW} + ?::float8)"  # noqa: S608


class AskedRows:
    """Rows of the table `asked`; the server's clock counts.

    Who is refused is remembered here until then, so that whoever goes on asking does
    not reach the database. While that cannot be used, each process counts alone.
    """

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database
        self._alone = AskedHere()
        self._refused: OrderedDict[str, float] = OrderedDict()
        self._lock = Lock()

    def seconds_to_wait(self, who: str, *, limit: int, seconds: float) -> int:
        left = self._left(who)
        if left > 0:
            return math.ceil(left)
        try:
            wait = self._ask(who, limit, seconds)
        except StorageError as error:
            _log.warning("action=counting_alone %s", error)
            return self._alone.seconds_to_wait(who, limit=limit, seconds=seconds)
        if wait:
            self._remember(who, wait)
        return math.ceil(wait)

    def _ask(self, who: str, limit: int, seconds: float) -> float:
        with self._database.writing(alone=False) as connection:
            connection.execute(_ONE_AT_A_TIME, (_KIND, who))
            connection.execute(_FORGET)
            count, wait = connection.execute(_COUNT, (who,)).fetchone()
            if count >= limit:
                return float(wait)
            connection.execute(_ADD, (who, seconds))
        return 0.0

    def _left(self, who: str) -> float:
        with self._lock:
            return self._refused.get(who, 0.0) - monotonic()

    def _remember(self, who: str, wait: float) -> None:
        with self._lock:
            self._refused[who] = monotonic() + wait
            self._refused.move_to_end(who)
            if len(self._refused) > _REMEMBERED:
                self._refused.popitem(last=False)
