"""How a question to a service ends when it does not give an answer.

ServiceError
├── ServiceUnreachableError   it does not answer, or not as it should
├── LoggedOutError            the token is none (any more)
└── ServiceFailedError        it answered that it cannot
TooManyRequestsError          asked too often; nothing has happened

What a service refuses by a rule is raised as the same error that the command would
raise beside it: InvalidError, NotFoundError, RefusedError.
"""

from application.errors import RefusedError


class ServiceError(Exception):
    """The service gave no usable answer; `may_pass`: the next one may be better."""

    def __init__(self, message: str, *, may_pass: bool = False) -> None:
        self.may_pass = may_pass
        super().__init__(message)


class ServiceUnreachableError(ServiceError):
    """The service does not answer."""


class LoggedOutError(ServiceError):
    """The service does not know the token."""


class ServiceFailedError(ServiceError):
    """The service answered that it cannot do this now."""


class TooManyRequestsError(RefusedError):
    """The service was asked too often; nothing has happened."""
