"""Whether a server can keep what is promised; asked once when a process starts."""

import psycopg

from application.adapters.postgres.errors import explained
from application.adapters.postgres.pool import Pool, Raw
from application.errors import StorageError

_VERSION_MIN = 14
_FACTS = (
    b"SELECT current_setting('server_version_num')::int / 10000,"
    b" current_setting('server_encoding'), pg_backend_pid(),"
    b" current_setting('search_path')"
)


def require_fit(pool: Pool) -> None:
    """Raise StorageError where the server is too old, or something is in between."""
    with pool.lent() as raw:
        try:
            found = raw.execute(_FACTS).fetchone()
        except psycopg.Error as error:
            raise explained(error, pool.name) from error
        wrong = _wrong(raw, *found) if found else ""
    if wrong:
        msg = f"{pool.name} {wrong}"
        raise StorageError(msg)


def _wrong(raw: Raw, version: int, encoding: str, process: int, path: str) -> str:
    if version < _VERSION_MIN:
        return f"is PostgreSQL {version}: {_VERSION_MIN} or newer is needed"
    if encoding != "UTF8":
        return f"has the encoding {encoding}: make one with ENCODING 'UTF8'"
    # A pooler shows a process of its own, and lends another one for each transaction.
    if process != raw.info.backend_pid or "flashlog_log" not in path:
        return (
            "is behind a pooler, which loses locks and news: say where the server "
            "itself is"
        )
    return ""
