"""Verifies a data directory without opening the installation: it may not open any more.

Nothing but the two files and the recordings is asked, and the public part of the key.
"""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from application.adapters.recording_store import RECORDINGS, RecordingStore
from application.adapters.sqlite.audit_store import AuditStore
from application.adapters.sqlite.connections import Connections
from application.adapters.sqlite.rows import StoredRows
from application.adapters.sqlite.soundness import unsound
from application.audit.claims import keys_in
from application.audit.findings import Kind, Report
from application.audit.origins import Origins
from application.audit.recordings import check_recordings
from application.audit.verification import Progress, verify
from application.errors import (
    InvalidError,
    NewerLogError,
    NotFoundError,
    StorageError,
)
from application.projections.projector import position_in
from domain.transparency.checkpoint import Checkpoint
from domain.transparency.note import Note, NoteError, SigningKey, VerifierKey


def verify_directory(
    data_dir: Path, *, vkeys: Sequence[str], held: Sequence[Path], progress: Progress
) -> Report:
    """Verify the log of a data directory against what is stored and what is held.

    Without `vkeys` the keys are believed that stand in files of the directory: the
    installation's own, and those of who signed before. Raises NotFoundError,
    InvalidError, StorageError.
    """
    log = data_dir / "log.sqlite"
    if not log.exists():
        msg = f"there is no log in {data_dir}: set FLASHLOG_DATA_DIR"
        raise NotFoundError(msg)
    notes = [_note(path) for path in held]
    # Asked before the log: it may grow meanwhile.
    shown = _shown(data_dir / "views.sqlite")
    rows, store = StoredRows(log), _Store(data_dir / "audit.sqlite")
    try:
        keys = [_key(vkey) for vkey in vkeys] or _own_keys(data_dir, store.found)
        witnessed = store.found.witnessed()
        report = verify(rows, store.found, keys=keys, held=notes, progress=progress)
        if store.trouble:
            report.add(Kind.TILES, 1, max(report.events, 1), store.trouble)
        _look_beyond(report, max(shown, witnessed))
        _look_beneath(report, log)
        recordings = RecordingStore(data_dir / RECORDINGS)
        imported = Origins.of(data_dir).imported
        with suppress(StorageError):  # what cannot be read has been told of
            check_recordings(rows, recordings, report, imported=imported)
        return report
    finally:
        rows.close()
        store.close()


class _Store:
    """What is kept of the tree; nothing where there is no file or it is damaged."""

    def __init__(self, path: Path) -> None:
        self.trouble = ""
        # Nothing is written into what is looked at.
        self._empty = TemporaryDirectory()
        nothing = AuditStore(Path(self._empty.name) / path.name)
        self.found = nothing
        if not path.exists():
            return
        try:
            self.found = AuditStore(path)
            self.found.newest()
            self.found.tile(0, 0)
        except NewerLogError:
            self.close()
            raise
        except StorageError as error:
            self.found = nothing
            self.trouble = f"what is kept of the tree cannot be read: {error}"

    def close(self) -> None:
        self.found.close()
        self._empty.cleanup()


def _shown(path: Path) -> int:
    """Return which position the read models have come to; 0 where nobody knows."""
    if not path.exists():
        return 0
    views = Connections(path)
    try:
        with views.reading() as connection:
            return position_in(connection)
    except StorageError:
        return 0
    finally:
        views.close()


def _look_beyond(report: Report, known: int) -> None:
    """Tell of events that others have seen, and that are not in the log any more."""
    told = max((each.last for each in report.findings), default=0)
    if known > max(report.events, told):
        text = "was shown or witnessed, and is gone"
        report.add(Kind.MISSING, report.events + 1, known, text)


def _look_beneath(report: Report, log: Path) -> None:
    """Tell what is wrong with the database itself."""
    try:
        faults = list(unsound(log))
    except StorageError as error:
        faults = [str(error)]
    for fault in faults:
        report.add(Kind.DATABASE, 1, max(report.events, 1), f"the database: {fault}")


def _own_keys(data_dir: Path, store: AuditStore) -> list[VerifierKey]:
    """Return the keys of files; where there is none at all, those of the checkpoints.

    What stands beside a checkpoint was written by who wrote that.
    """
    keys = Origins.of(data_dir).verifiers()
    try:
        keys.append(SigningKey.read((data_dir / "audit.key").read_text()).verifier)
    except (OSError, ValueError):
        return keys or keys_in(store)
    return keys


def _key(text: str) -> VerifierKey:
    try:
        return VerifierKey.read(text)
    except NoteError as error:
        raise InvalidError.of("key", str(error)) from None


def _note(path: Path) -> Note:
    try:
        note = Note.read(path.read_text(encoding="utf-8"))
        Checkpoint.read(note.text)
    except (NoteError, UnicodeDecodeError) as error:
        raise InvalidError.of("checkpoint", f"{path}: {error}") from None
    return note
