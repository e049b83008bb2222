"""What was found in the log and not yet told, in one small file that is kept up."""

import os
from datetime import datetime
from pathlib import Path
from uuid import UUID

import msgspec

from application.adapters.durable import sync_directory
from application.notices.notice import Gathered, Notice


class Delivery(msgspec.Struct, kw_only=True):
    """A notice on its way over one channel."""

    notice: Notice
    channel: str
    since: datetime
    not_before: datetime
    tries: int = 0


class State(msgspec.Struct, kw_only=True):
    """Everything that a sender that starts again has to know.

    `gathered` and `quiet_until` have the id of a batch as key, or nothing for what
    belongs to no batch.
    """

    position: int
    gathered: dict[str, Gathered] = msgspec.field(default_factory=dict)
    quiet_until: dict[str, datetime] = msgspec.field(default_factory=dict)
    deliveries: list[Delivery] = msgspec.field(default_factory=list)


def subject_of(batch: UUID | None) -> str:
    return "" if batch is None else str(batch)


def batch_of(subject: str) -> UUID | None:
    return UUID(subject) if subject else None


class StateFile:
    """The state on the disk, whole at any moment."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "notices.json"

    def load(self) -> State | None:
        """Return the state; None where there is none, or none that can be read."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=State)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def save(self, state: State) -> None:
        draft = self._path.with_suffix(".new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(state))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)
        sync_directory(self._path.parent)

    def forget(self) -> None:
        """Begin at the end of the log the next time."""
        self._path.unlink(missing_ok=True)
