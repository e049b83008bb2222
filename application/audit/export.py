"""Writes the log as text: events as they are stored, and all that was signed of them.

The same log gives the same bytes. An export ends where its newest checkpoint does.
"""

import base64
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from uuid import UUID

import msgspec

from application.adapters.audit_store import KeptCheckpoint
from application.adapters.durable import sync_directory
from application.audit.audit import Audit
from application.audit.verifier import FORMAT, VERSION
from domain.transparency.leaf import StoredRow

MANIFEST, CHECKPOINT, CHECKPOINTS = (
    "manifest.json",
    "checkpoint",
    "checkpoints.jsonl",
)
_FILE_EVENTS = 100_000


class ExportError(Exception):
    """The export cannot be written or read; the message says why and what to do."""


class ExportedEvent(msgspec.Struct, frozen=True):
    """A line of an export; `state` in base64, `recorded_at` in microseconds."""

    position: int
    originator_id: str
    originator_version: int
    topic: str
    recorded_at: int
    state: str

    @classmethod
    def of(cls, row: StoredRow) -> "ExportedEvent":
        """Tell a row. Raises ValueError for one that no Flashlog has written."""
        return cls(
            row.position,
            str(UUID(bytes=row.originator_id)),
            row.originator_version,
            row.topic.decode(),
            row.recorded_at,
            base64.b64encode(row.state).decode(),
        )

    @property
    def row(self) -> StoredRow:
        return StoredRow(
            self.position,
            UUID(self.originator_id).bytes,
            self.originator_version,
            self.topic.encode(),
            base64.b64decode(self.state, validate=True),
            self.recorded_at,
        )


class ExportedFile(msgspec.Struct, frozen=True):
    """A file of events, from one position to another."""

    name: str
    first: int
    last: int
    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What is in an export; it is written last, so it says that all is there."""

    format: str
    version: int
    events: int
    keys: list[str]
    files: list[ExportedFile]


def export(
    audit: Audit,
    directory: Path,
    *,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Manifest:
    """Write everything that is signed into a new directory. Raises ExportError."""
    newest = audit.store.newest()
    if newest is None:
        msg = "nothing is signed yet: try again in a moment"
        raise ExportError(msg)
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(directory.iterdir()):
            msg = f"{directory} is not empty: choose another one"
            raise ExportError(msg)
        checkpoints = _checkpoints(audit, until=newest.size)
        _write(directory / CHECKPOINTS, map(_line, checkpoints))
        _write(directory / CHECKPOINT, [newest.note.encode()])
        manifest = Manifest(
            format=FORMAT,
            version=VERSION,
            events=newest.size,
            keys=list(dict.fromkeys(each.vkey for each in audit.store.checkpoints())),
            files=list(_files(audit, directory, newest.size, progress)),
        )
        encoded = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
        _write(directory / MANIFEST, [encoded + b"\n"])
        sync_directory(directory)
    except OSError as error:
        msg = f"cannot write {error.filename or directory}: {error.strerror}"
        raise ExportError(msg) from error
    return manifest


def _files(
    audit: Audit, directory: Path, end: int, progress: Callable[[int, int], None]
) -> Iterator[ExportedFile]:
    rows = audit.rows.all(until=end)
    for first in range(1, end + 1, _FILE_EVENTS):
        name = f"events-{first:012d}.jsonl"
        lines = map(_event, islice(rows, _FILE_EVENTS))
        size, digest = _write(directory / name, lines)
        last = min(end, first + _FILE_EVENTS - 1)
        progress(last, end)
        yield ExportedFile(name, first, last, size, digest)


def _event(row: StoredRow) -> bytes:
    try:
        return _line(ExportedEvent.of(row))
    except (ValueError, AttributeError, TypeError):
        msg = (
            f"the event at position {row.position} is none that Flashlog wrote: "
            "`flashlog audit verify` tells more"
        )
        raise ExportError(msg) from None


def _checkpoints(audit: Audit, *, until: int) -> Iterator[KeptCheckpoint]:
    return (each for each in audit.store.checkpoints() if each.size <= until)


def _line(value: msgspec.Struct) -> bytes:
    return msgspec.json.encode(value) + b"\n"


def _write(path: Path, pieces: Iterable[bytes]) -> tuple[int, str]:
    """Write a new file that only its owner can read; returns its size and SHA-256."""
    digest = hashlib.sha256()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        for piece in pieces:
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
        return file.tell(), digest.hexdigest()
