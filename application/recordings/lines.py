"""The lines of a recording: JSON, one for everything that a visit did.

A visit's file begins with `visit`; the others follow in the order in which they were
begun. `after_seconds` counts from the beginning of the visit. The file of a whole
operation (`flashlog audit record`) begins with `recording` and ends with its events.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from application.ports import HostKey, Span

FORMAT, VERSION = "flashlog-recording", 1


class Trouble(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An error in the place of an answer; `details` are what else it says of itself."""

    error: str
    message: str
    details: Mapping[str, str] = {}
    refused: Mapping[UUID, str] = {}


class Output(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a command wrote. Of more than is kept, `text` is the beginning.

    `bytes` is how many there were where not all of them are here; what is kept from
    everybody has its `sha256` instead of a text.
    """

    text: str = ""
    bytes: int | None = None
    sha256: str = ""


NO_OUTPUT = Output()


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a command ended; `exit_status` None: the session ended without one."""

    exit_status: int | None
    stdout: Output = NO_OUTPUT
    stderr: Output = NO_OUTPUT
    seconds: float = 0.0


class Line(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind"
):
    """One line; `kind` says which."""


class RecordingLine(Line, frozen=True, kw_only=True, tag="recording"):
    """The head of an operation's file: all that a test needs to have it again.

    `device`, `image` and `build` are what the log says of them; `options` and
    `expendable_packages` are the operation's.
    """

    format: str = FORMAT
    version: int = VERSION
    operation: UUID
    installation: UUID
    device: Mapping[str, Any] = {}
    image: Mapping[str, Any] = {}
    build: Mapping[str, Any] = {}
    options: Mapping[str, bool] = {}
    expendable_packages: tuple[str, ...] = ()


class VisitLine(Line, frozen=True, kw_only=True, tag="visit"):
    """Somebody went to the router; `settings` are those that are not the default."""

    operation: UUID
    installation: UUID
    visit: int
    attempt: int
    runner: str
    at: datetime
    settings: Mapping[str, Any] = {}


class OpenedLine(Line, frozen=True, kw_only=True, tag="opened"):
    """A session was opened, or could not be."""

    after_seconds: float = 0.0
    accept_new_host_key: bool = False
    address: str = ""
    port: int = 0
    credentials_id: UUID | None = None
    refused: Mapping[UUID, str] = {}
    host_key: HostKey | None = None
    jump_host_keys: tuple[HostKey, ...] = ()
    weak_algorithms: bool = False
    round_trip_seconds: float = 0.0
    trouble: Trouble | None = None


class CommandLine(Line, frozen=True, kw_only=True, tag="command"):
    """A script by its name and inputs, or any other command as it was sent."""

    after_seconds: float = 0.0
    script: str = ""
    inputs: Mapping[str, str] = {}
    command: str = ""
    during_upload: bool = False
    answer: Answer | None = None
    trouble: Trouble | None = None


class UploadLine(Line, frozen=True, kw_only=True, tag="upload"):
    """Spans of an image were sent; what they hold is the image's own.

    `progress` has how many seconds after the beginning how many bytes had been taken.
    """

    after_seconds: float = 0.0
    sha256: str
    size_bytes: int
    spans: tuple[Span, ...]
    channels: int
    progress: tuple[tuple[float, int], ...] = ()
    answers: tuple[Answer, ...] = ()
    seconds: float = 0.0
    trouble: Trouble | None = None


class LeftOutLine(Line, frozen=True, kw_only=True, tag="left-out"):
    """So many lines are missing here: a recording may be no larger than it is."""

    lines: int


class MissingLine(Line, frozen=True, kw_only=True, tag="missing"):
    """Nothing is known here of a visit, beside what the events say."""

    reason: str


class EventLine(Line, frozen=True, kw_only=True, tag="event"):
    """An event of the operation."""

    type: str
    at: datetime
    data: msgspec.Raw


AnyLine = (
    RecordingLine
    | VisitLine
    | OpenedLine
    | CommandLine
    | UploadLine
    | LeftOutLine
    | MissingLine
    | EventLine
)


class RecordingError(Exception):
    """A file is no recording."""


def encode(line: Line) -> bytes:
    return msgspec.json.encode(line) + b"\n"


def decode(lines: Iterable[bytes]) -> Iterator[AnyLine]:
    """Read lines. Raises RecordingError for what is none."""
    for number, line in enumerate(lines, 1):
        try:
            yield msgspec.json.decode(line, type=AnyLine)
        except msgspec.DecodeError as error:
            raise RecordingError(
                f"line {number} is none of a recording: {error}"
            ) from None
