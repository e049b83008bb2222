"""Exit statuses, decided in one place: from how it ended, or from what went wrong."""

from collections.abc import Mapping

from application.commands.users import WrongCredentialsError
from application.errors import (
    AuthenticationFailedError,
    DomainError,
    HostKeyChangedError,
    InvalidError,
    NotFoundError,
    RefusedError,
    RefusedStepError,
    StorageError,
    UnexpectedError,
    UnreachableError,
)
from application.flashlog import DataDirectoryError
from application.settings import SettingsError
from web.cli.remote.errors import LoggedOutError, ServiceUnreachableError

DONE = 0
FAILED = 1
USAGE = 2
ABORTED = 3
CANCELLED = 4
NOT_FOUND = 5
REFUSED = 6
UNREACHABLE = 7
STILL_RUNNING = 8
INTERRUPTED = 130
UNREAD = 141

MEANINGS: Mapping[int, str] = {
    DONE: "done; the upgrade ended with status success",
    FAILED: "the upgrade ended with status failed, or the command could not be done",
    USAGE: "wrong usage or input: nothing has happened",
    ABORTED: "the upgrade ended with status aborted: the router is as it was",
    CANCELLED: "the upgrade ended with status cancelled: the router is as it was",
    NOT_FOUND: "there is no such device, image, operation or user",
    REFUSED: "refused by a rule, or not confirmed: nothing has happened",
    UNREACHABLE: "the router or the service does not answer, or lets nobody in",
    STILL_RUNNING: "the watching ended before the upgrade did: it is held for a person",
    INTERRUPTED: "interrupted by Ctrl-C",
    UNREAD: "whoever read the output left before its end",
}

_BY_STATUS: Mapping[str, int] = {
    "success": DONE,
    "failed": FAILED,
    "aborted": ABORTED,
    "cancelled": CANCELLED,
}

# The first class that fits decides, so the narrow ones stand before the broad ones.
_BY_ERROR: tuple[tuple[type[Exception], int], ...] = (
    (InvalidError, USAGE),
    (SettingsError, USAGE),
    (NotFoundError, NOT_FOUND),
    (RefusedError, REFUSED),
    (DomainError, REFUSED),
    (HostKeyChangedError, REFUSED),
    (RefusedStepError, REFUSED),
    (WrongCredentialsError, REFUSED),
    (AuthenticationFailedError, UNREACHABLE),
    (UnreachableError, UNREACHABLE),
    (LoggedOutError, UNREACHABLE),
    (ServiceUnreachableError, UNREACHABLE),
    (UnexpectedError, FAILED),
    (StorageError, FAILED),
    (DataDirectoryError, FAILED),
)


def exit_of_status(status: str) -> int:
    """Return the exit status for how an operation ended, or that it has not."""
    return _BY_STATUS.get(status, STILL_RUNNING)


def exit_of_error(error: Exception) -> int:
    """Return the exit status for what went wrong."""
    for kind, status in _BY_ERROR:
        if isinstance(error, kind):
            return status
    return FAILED


def sentences_of(error: Exception) -> list[str]:
    """Say what went wrong; of wrong input every field, a sentence each."""
    if isinstance(error, InvalidError):
        return [
            message if field == "__all__" else f"{field}: {message}"
            for field, messages in error.fields.items()
            for message in messages
        ]
    text = " ".join(str(error).split())
    if isinstance(error, OSError) and error.strerror:
        text = ": ".join(filter(None, (error.filename, error.strerror)))
    if isinstance(error, WrongCredentialsError) or not text:
        text = type(error).__doc__ or type(error).__name__
    return [text]


def epilogue() -> str:
    """Return the table of exit statuses as `flashlog --help` shows it."""
    rows = "\n".join(f"  {status:>3}  {text}" for status, text in MEANINGS.items())
    return f"\b\nExit statuses:\n{rows}"
