"""What a person may be told when a command is refused.

DomainError
├── RefusedError        the rules forbid it now; nothing happened
│   ├── CancelTooLateError
│   └── AlreadyEndedError
├── InvalidError        the input is wrong; `.fields` names each wrong field
└── NotFoundError       there is no such thing
"""

from collections.abc import Mapping
from typing import Any


class DomainError(Exception):
    """Something asked for cannot be done."""


class RefusedError(DomainError):
    """The rules forbid this now; nothing has happened."""


class CancelTooLateError(RefusedError):
    """The flash has begun: stopping now could brick the router."""


class AlreadyEndedError(RefusedError):
    """The operation has ended; a terminal status never changes."""


class InvalidError(DomainError):
    """The input is wrong; `fields` maps each wrong field to its sentences.

    A field that has fields of its own maps to such a mapping in turn.
    """

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self.fields = dict(fields)
        super().__init__(
            "; ".join(
                f"{field}: {_in_one_line(wrong)}" for field, wrong in fields.items()
            )
        )

    @classmethod
    def of(cls, field: str, message: str) -> "InvalidError":
        return cls({field: [message]})


class NotFoundError(DomainError):
    """There is no such thing; the message says what was looked for."""


def _in_one_line(wrong: Any) -> str:
    if isinstance(wrong, Mapping):
        return "; ".join(
            f"{field}: {_in_one_line(inner)}" for field, inner in wrong.items()
        )
    return " ".join(wrong)
