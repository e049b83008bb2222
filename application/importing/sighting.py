"""A router as a source tells of it, before anything is kept."""

from pathlib import Path
from uuid import UUID

import msgspec

from application.commands.devices import NewCredentials
from application.commands.registration import JumpLogin

_TEXT_BYTES_MAX = 64 << 20


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """What one line, host or record says of a router; blank where it says nothing.

    `where` tells a person where it stands. Groups and locations are meant by name,
    or by id where the source has ids that are kept. `log_in` and `jumps` None: as for
    all; without any `jumps` the way leads through no other host.
    """

    where: str
    name: str = ""
    mac_address: str = ""
    addresses: tuple[str, ...] = ()
    model: str = ""
    os: str = ""
    system: str = ""
    notes: str = ""
    last_ip: str | None = None
    organization: str = ""
    group: str = ""
    location: str = ""
    agent_uuid: UUID | None = None
    log_in: NewCredentials | None = None
    jumps: tuple[JumpLogin, ...] | None = None
    device_id: UUID | None = None
    organization_id: UUID | None = None
    group_id: UUID | None = None
    location_id: UUID | None = None
    credentials_ids: tuple[UUID, ...] = ()
    key: str = ""
    is_active: bool = True
    problems: tuple[str, ...] = ()


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a sighting: `new`, `changed`, `same`, `skipped` or `wrong`.

    `said` are the changes, or why it was skipped or is wrong, in sentences.
    """

    where: str
    name: str
    verdict: str
    said: tuple[str, ...] = ()
    device_id: UUID | None = None


class SourceError(Exception):
    """A source cannot be read at all; the message says why."""


def text_of(path: Path) -> str:
    """Return the text of a source, with its ends of lines. Raises SourceError."""
    try:
        with path.open("rb") as file:
            content = file.read(_TEXT_BYTES_MAX + 1)
    except OSError as error:
        msg = f"it cannot be read: {error.strerror}"
        raise SourceError(msg) from None
    if len(content) > _TEXT_BYTES_MAX:
        msg = f"it is bigger than {_TEXT_BYTES_MAX >> 20} MiB: part it"
        raise SourceError(msg)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        msg = "it is not text in UTF-8: save it as that"
        raise SourceError(msg) from None
    if "\0" in text:
        msg = "it is not text: there are zero bytes in it"
        raise SourceError(msg)
    return text
