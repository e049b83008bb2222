"""How a step on a router ends when it does not return facts.

StepError
├── UnreachableError           come back later
│   └── LinkLostError          the session broke in the middle
├── RefusedStepError           a precondition does not hold; the router is as it was
│   └── HostKeyChangedError    before anything secret was sent
└── UnexpectedError            fail, with the evidence attached

What a person may be told when a command is refused is said by the errors of the
domain; those above it find them here.
"""

from collections.abc import Mapping
from uuid import UUID

from domain.errors import (
    AlreadyEndedError,
    CancelTooLateError,
    DomainError,
    InvalidError,
    NotFoundError,
    RefusedError,
)

__all__ = [
    "AlreadyEndedError",
    "AuthenticationFailedError",
    "CancelTooLateError",
    "DomainError",
    "HostKeyChangedError",
    "InvalidError",
    "LinkLostError",
    "LogBusyError",
    "LogFullError",
    "NewerLogError",
    "NotFoundError",
    "RefusedError",
    "RefusedStepError",
    "StepError",
    "StorageError",
    "UnexpectedError",
    "UnreachableError",
]


class StepError(Exception):
    """A step on a router did not return facts."""


class UnreachableError(StepError):
    """The router did not answer, or let nobody in: come back later."""


class LinkLostError(UnreachableError):
    """The session broke or stalled while a command was running."""


class AuthenticationFailedError(UnreachableError):
    """The router answered but accepted none of these credentials.

    `refused` are the ids of the router's own credentials, and why each failed.
    """

    def __init__(
        self, message: str, *, refused: Mapping[UUID, str] | None = None
    ) -> None:
        self.refused = refused or {}
        super().__init__(message)


class RefusedStepError(StepError):
    """A precondition does not hold: abort, the router is as it was."""


class HostKeyChangedError(RefusedStepError):
    """The router shows another host key than the pinned one.

    Raised before a password or an image is sent.
    """

    def __init__(self, *, address: str, expected: str, found: str) -> None:
        self.address = address
        self.expected = expected
        self.found = found
        super().__init__(
            f"host key of {address} is {found}, expected {expected}: if the router "
            "was replaced or reset, release the pinned key of the device first"
        )


class UnexpectedError(StepError):
    """The router did something no version of OpenWrt is known to do.

    `command`, `exit_status` and `tail` (the last lines of output) are the evidence.
    """

    def __init__(
        self,
        message: str,
        *,
        command: str = "",
        exit_status: int | None = None,
        tail: str = "",
    ) -> None:
        self.command = command
        self.exit_status = exit_status
        self.tail = tail
        evidence = f" [{command}: exit status {exit_status}] {tail}" if command else ""
        super().__init__(message + evidence)


class StorageError(Exception):
    """The log or a read model cannot be used now; nothing is half-written."""


class LogBusyError(StorageError):
    """Another process held the log for too long; the same call may work again."""


class LogFullError(StorageError):
    """There is no room for another event; free some, then the same call works."""


class NewerLogError(StorageError):
    """The log was written by a newer Flashlog: install that version or a later one."""
