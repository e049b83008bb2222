"""Where an installation keeps everything: chosen by its settings."""

from application.adapters.sqlite.storage import SQLiteStorage
from application.adapters.storage import Storage
from application.settings import Settings, SettingsError


def storage_of(settings: Settings) -> Storage:
    """Return the storage; the data directory must be there.

    Raises SettingsError where PostgreSQL is asked for and its client is not installed,
    and StorageError where it cannot be reached.
    """
    if not settings.database_url:
        return SQLiteStorage(settings.data_dir)
    try:
        # Here, for whoever uses SQLite need not have it.
        from application.adapters.postgres.storage import (  # noqa: PLC0415
            PostgresStorage,
        )
    except ImportError as error:
        msg = (
            "FLASHLOG_DATABASE_URL is set, but the client of PostgreSQL is missing "
            f"({error}): install flashlog[postgres]"
        )
        raise SettingsError(msg) from None
    return PostgresStorage(
        settings.database_url,
        settings.data_dir,
        connections_max=settings.database_connections_max,
        busy_seconds=settings.database_busy_seconds,
        statement_seconds=settings.database_statement_seconds,
        answer_seconds=settings.database_answer_seconds,
    )
