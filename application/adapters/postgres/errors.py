"""What errors of PostgreSQL mean for a person."""

import psycopg
from psycopg import errors

from application.errors import LogBusyError, LogFullError, StorageError

# Who waits in vain for others may try again; so may whom others came in between.
_BUSY = (
    errors.LockNotAvailable,
    errors.QueryCanceled,
    errors.DeadlockDetected,
    errors.SerializationFailure,
    errors.TooManyConnections,
    errors.IdleInTransactionSessionTimeout,
)


def explained(error: psycopg.Error, name: str) -> StorageError:
    """Say what an error means; `name` is the database's."""
    text = str(error).strip().partition("\n")[0] or type(error).__name__
    if isinstance(error, _BUSY):
        return LogBusyError(f"{name} is kept busy by others ({text}): try again")
    if isinstance(error, errors.DiskFull):
        return LogFullError(
            f"cannot write to {name} ({text}): free room on the server's disk, then "
            "try again"
        )
    if isinstance(error, errors.ReadOnlySqlTransaction):
        return StorageError(
            f"{name} can only be read just now, as a standby or while it fails over: "
            "try again when it is the primary"
        )
    if is_lost(error):
        return StorageError(f"cannot reach {name} ({text}): try again when it runs")
    return StorageError(f"{name}: {text}")


def is_lost(error: psycopg.Error) -> bool:
    """Whether it came from a connection that is gone or could not be made."""
    return isinstance(error, psycopg.OperationalError) and (
        error.sqlstate is None or error.sqlstate[:2] in {"08", "57", "28", "3D"}
    )
