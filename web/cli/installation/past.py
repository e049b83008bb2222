"""What commands ask of an installation's past, wherever it is."""

from collections.abc import Sequence
from typing import Any, Protocol
from uuid import UUID

import msgspec

# What `--json` prints.
Told = dict[str, Any]
KINDS = ("operation", "device", "batch", "image", "user")


class History(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to a thing up to a position, oldest first.

    `state` is what was known of it then; None where that is not told.
    """

    thing_id: UUID
    as_of: int
    state: Told | None
    events: Sequence[Told]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which firmware is asked for: of a release, an image and a build all that is said.

    `start` and `end` are positions or times as a person writes them.
    """

    release: str | None
    image: str | None
    build: str | None
    start: str | None
    end: str | None


class Past(Protocol):
    """A moment is a position of the log or a date/time, as a person writes it.

    Everything may raise NotFoundError, InvalidError and RefusedError.
    """

    def history(self, kind: str, text: str, *, as_of: str | None) -> History:
        """Tell all that happened to a thing; one that was deleted by its id."""

    def differences(self, start: str, end: str | None) -> Sequence[Told]:
        """Tell which routers changed firmware between two moments."""

    def exposed(self, wanted: Wanted) -> Sequence[Told]:
        """Tell which routers ran a firmware between two moments."""

    def checkpoint(self) -> str:
        """Return the newest signed checkpoint of the log."""
