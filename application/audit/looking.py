"""Verifies what is stored without opening the installation: it may not open any more.

Nothing but log, tree and recordings is asked, and the public part of the key.
"""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from application.adapters.audit_store import AuditStore
from application.adapters.recording_store import RECORDINGS, RecordingStore
from application.adapters.sqlite.in_memory import InMemory
from application.adapters.storage import Storage
from application.adapters.vault_key import VaultError
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


def verify_storage(
    storage: Storage,
    *,
    vkeys: Sequence[str],
    held: Sequence[Path],
    progress: Progress,
) -> Report:
    """Verify the log of an installation against what is stored and what is held.

    Without `vkeys` the keys are believed that whoever can write to the database alone
    cannot put there: the installation's own, and those of who signed before. Raises
    NotFoundError, InvalidError, StorageError.
    """
    if not storage.has_log():
        msg = f"there is no log in {storage.name}: set FLASHLOG_DATA_DIR"
        raise NotFoundError(msg)
    notes = [_note(path) for path in held]
    # Asked before the log: it may grow meanwhile.
    shown = _shown(storage)
    rows, store = storage.rows(), _Store(storage)
    try:
        keys = [_key(vkey) for vkey in vkeys] or _own_keys(storage, store.found)
        witnessed = store.found.witnessed()
        report = verify(rows, store.found, keys=keys, held=notes, progress=progress)
        if store.trouble:
            report.add(Kind.TILES, 1, max(report.events, 1), store.trouble)
        _look_beyond(report, max(shown, witnessed))
        _look_beneath(report, storage)
        recordings = RecordingStore(storage.directory / RECORDINGS)
        imported = _origins(storage).imported
        with suppress(StorageError):  # what cannot be read has been told of
            check_recordings(rows, recordings, report, imported=imported)
        return report
    finally:
        store.close()


class _Store:
    """What is kept of the tree; nothing where it is not there or damaged."""

    def __init__(self, storage: Storage) -> None:
        self.trouble = ""
        # Nothing is written into what is looked at.
        self._empty = InMemory()
        nothing = self.found = AuditStore(self._empty)
        if not storage.has_tree():
            return
        try:
            self.found = storage.tree()
            self.found.newest()
            self.found.tile(0, 0)
        except NewerLogError:
            self.close()
            raise
        except StorageError as error:
            self.found = nothing
            self.trouble = f"what is kept of the tree cannot be read: {error}"

    def close(self) -> None:
        self._empty.close()


def _shown(storage: Storage) -> int:
    """Return which position the read models have come to; 0 where nobody knows."""
    if not storage.has_views():
        return 0
    try:
        with storage.views.reading() as connection:
            return position_in(connection)
    except StorageError:
        return 0


def _look_beyond(report: Report, known: int) -> None:
    """Tell of events that others have seen, and that are not in the log any more."""
    told = max((each.last for each in report.findings), default=0)
    if known > max(report.events, told):
        text = "was shown or witnessed, and is gone"
        report.add(Kind.MISSING, report.events + 1, known, text)


def _look_beneath(report: Report, storage: Storage) -> None:
    """Tell what is wrong with the database itself."""
    try:
        faults = list(storage.unsound())
    except StorageError as error:
        faults = [str(error)]
    for fault in faults:
        report.add(Kind.DATABASE, 1, max(report.events, 1), f"the database: {fault}")


def _own_keys(storage: Storage, store: AuditStore) -> list[VerifierKey]:
    """Return the keys of files; where there is none at all, those of the checkpoints.

    What stands beside a checkpoint was written by who wrote that.
    """
    keys = _origins(storage).verifiers()
    try:
        own = storage.secrets.load("audit.key") or b""
        keys.append(SigningKey.read(own.decode()).verifier)
    except (OSError, ValueError, VaultError):
        return keys or keys_in(store)
    return keys


def _origins(storage: Storage) -> Origins:
    try:
        return Origins.of(storage.secrets)
    except VaultError:  # it cannot be opened any more
        return Origins()


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
