"""Verifies a data directory without opening the installation: it may not open any more.

Nothing but the two files and the recordings is asked, and the public part of the key.
"""

from collections.abc import Sequence
from pathlib import Path

from application.adapters.recording_store import RECORDINGS, RecordingStore
from application.adapters.sqlite.audit_store import AuditStore
from application.adapters.sqlite.rows import StoredRows
from application.audit.claims import keys_in
from application.audit.findings import Report
from application.audit.recordings import check_recordings
from application.audit.verification import Progress, verify
from application.errors import InvalidError, NotFoundError
from domain.transparency.checkpoint import Checkpoint
from domain.transparency.note import Note, NoteError, SigningKey, VerifierKey


def verify_directory(
    data_dir: Path, *, vkeys: Sequence[str], held: Sequence[Path], progress: Progress
) -> Report:
    """Verify the log of a data directory against what is stored and what is held.

    Without `vkeys` the keys are believed that the directory names itself. Raises
    NotFoundError, InvalidError, StorageError.
    """
    log = data_dir / "log.sqlite"
    if not log.exists():
        msg = f"there is no log in {data_dir}: set FLASHLOG_DATA_DIR"
        raise NotFoundError(msg)
    notes = [_note(path) for path in held]
    rows, store = StoredRows(log), AuditStore(data_dir / "audit.sqlite")
    try:
        keys = [_key(vkey) for vkey in vkeys] or _own_keys(data_dir, store)
        report = verify(rows, store, keys=keys, held=notes, progress=progress)
        check_recordings(rows, RecordingStore(data_dir / RECORDINGS), report)
        return report
    finally:
        rows.close()
        store.close()


def _own_keys(data_dir: Path, store: AuditStore) -> list[VerifierKey]:
    keys = keys_in(store)
    try:
        own = SigningKey.read((data_dir / "audit.key").read_text()).verifier
    except (OSError, ValueError):
        return keys
    return [own, *(key for key in keys if key != own)]


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
