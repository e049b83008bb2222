"""The URL of the database, which has a password in it: no sentence shows that."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg.conninfo import conninfo_to_dict

from application.errors import StorageError

_PORTS = frozenset("0123456789,")
_HINT = (
    "write / as %2F, @ as %40, # as %23, % as %25 and a blank as %20 where a name or a "
    "password has them"
)


def read_url(url: str) -> Mapping[str, Any]:
    """Return what is said in a URL. Raises StorageError, which shows none of it."""
    try:
        said = conninfo_to_dict(url)
    except psycopg.Error:
        # PostgreSQL's own sentence would quote the part that it does not understand.
        raise _unknown() from None
    port, places = str(said.get("port") or ""), (said.get("host"), said.get("dbname"))
    # A password that is not encoded ends too early, and goes on as something else.
    if not _PORTS.issuperset(port) or any("@" in str(each) for each in places):
        raise _unknown()
    return said


def name_of(said: Mapping[str, Any]) -> str:
    """Tell a database without the secrets that are in its URL."""
    host = said.get("host") or said.get("hostaddr") or "localhost"
    port = f":{said['port']}" if said.get("port") else ""
    database = said.get("dbname") or said.get("user") or ""
    return f"postgresql://{quote(str(host), safe='/,')}{port}/{database}"


def _unknown() -> StorageError:
    msg = f"FLASHLOG_DATABASE_URL is none that PostgreSQL knows: {_HINT}"
    return StorageError(msg)
