"""One file from which an installation can be made again.

It holds the log, the vault *and the vault's key*, the installation's id, the images,
the recordings of visits, and what was signed of the log with the key that signs:
whoever has it has every password in it. Keep it as secret as the key itself.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import UUID

import msgspec

from application.adapters.archive import ArchiveError, read_archive, write_archive
from application.adapters.durable import sync_directory
from application.adapters.recording_store import RECORDINGS
from application.adapters.sqlite.storage import SQLiteStorage
from application.adapters.vault import KEEPING
from application.audit.origins import ORIGINS
from application.flashlog import RESTORING, Flashlog
from application.holding_all import hold_all
from application.recordings.retention import ROLE as RETIRING
from application.settings import Settings

_LOG, _VAULT, _KEY, _INSTALLATION = (
    "log.sqlite",
    "vault.sqlite",
    "vault.key",
    "installation",
)
_AUDIT, _AUDIT_KEY = "audit.sqlite", "audit.key"


class BackupError(Exception):
    """No backup could be made or restored; nothing was left behind."""


class BackedUp(msgspec.Struct, frozen=True):
    """What is in a backup: the log up to a position, and images."""

    position: int
    images: int
    size_bytes: int


class Restored(msgspec.Struct, frozen=True):
    """What was restored, and the operations that wait for a person's decision."""

    position: int
    made_at: str
    held: tuple[UUID, ...]


def backup(settings: Settings, target: Path) -> BackedUp:
    """Write everything into one new file, while the service may be running.

    The file can be read by its owner alone; it holds the vault's key. Raises
    BackupError.
    """
    if settings.database_url:
        msg = (
            "log, read models and vault are in PostgreSQL: back that database up with "
            "pg_dump, and with it vault.key, images and recordings of "
            f"{settings.data_dir}"
        )
        raise BackupError(msg)
    storage = SQLiteStorage(settings.data_dir)
    if not storage.has_log():
        msg = f"there is no log in {settings.data_dir}: nothing to back up"
        raise BackupError(msg)
    if not target.parent.is_dir():
        msg = f"there is no directory {target.parent}: make it first"
        raise BackupError(msg)
    with (
        closing(storage),
        closing(Flashlog(settings)) as flashlog,
        _told(),
        tempfile.TemporaryDirectory(
            dir=target.parent, prefix=".flashlog-backup-"
        ) as name,
        # None of them goes while they are read.
        flashlog.among(RETIRING),
        # The vault and its key belong together.
        flashlog.among(KEEPING),
    ):
        beside = Path(name)
        # What was signed before the log: it must not speak of events that are missing.
        flashlog.audit  # noqa: B018 - its key is made where there is none yet
        storage.copy_tree_to(beside / _AUDIT)
        # The log first: what it speaks of was in the vault and the store before.
        position = flashlog.log.recorder.backup(beside / _LOG)
        flashlog.vault.copy_to(beside / _VAULT)
        images = {
            f"images/{sha256}": path for sha256, path in flashlog.images.files().items()
        }
        recordings = {
            f"{RECORDINGS}/{each.sha256[:2]}/{each.sha256}": each.path
            for each in flashlog.recordings
            if each.is_whole
        }
        files = {
            _LOG: beside / _LOG,
            _VAULT: beside / _VAULT,
            _KEY: settings.data_dir / _KEY,
            _INSTALLATION: settings.data_dir / _INSTALLATION,
            _AUDIT: beside / _AUDIT,
            _AUDIT_KEY: settings.data_dir / _AUDIT_KEY,
        }
        if (settings.data_dir / ORIGINS).exists():
            files[ORIGINS] = settings.data_dir / ORIGINS
        facts = {
            "made_at": flashlog.clock.now().isoformat(timespec="seconds"),
            "position": str(position),
        }
        write_archive(target, files | images | recordings, facts)
    return BackedUp(position, len(images), target.stat().st_size)


def restore(settings: Settings, archive: Path, *, by: UUID | None = None) -> Restored:
    """Make the installation of a backup again in an empty data directory.

    The routers went on without this log: every operation that is not settled is held
    until a person resumes or cancels it. Raises BackupError, NewerLogError; then the
    directory is empty as before.
    """
    directory = settings.data_dir
    if settings.database_url:
        msg = (
            "a backup file is restored into a data directory: unset "
            "FLASHLOG_DATABASE_URL (a database is restored with pg_restore, and then "
            "`flashlog restore` without a file)"
        )
        raise BackupError(msg)
    with _told():
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(directory.iterdir()):
            msg = (
                f"{directory} is not empty: restore into an empty directory (set "
                "FLASHLOG_DATA_DIR)"
            )
            raise BackupError(msg)
        beside = directory / RESTORING
        beside.mkdir(mode=0o700)
        try:
            facts = read_archive(archive, beside).facts
            made_at = facts.get("made_at", "an unknown time")
            replaced = msgspec.structs.replace(settings, data_dir=beside)
            with closing(Flashlog(replaced)) as flashlog:
                held = hold_all(flashlog, f"from a backup of {made_at}", by)
        except BaseException:
            shutil.rmtree(beside, ignore_errors=True)
            raise
        _move_up(beside, directory)
    return Restored(int(facts.get("position", 0)), made_at, held)


def _move_up(beside: Path, directory: Path) -> None:
    """Put the files in their place, the log last: without it nothing starts."""
    for path in sorted(beside.iterdir(), key=lambda path: path.name == _LOG):
        path.rename(directory / path.name)
    beside.rmdir()
    sync_directory(directory)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except ArchiveError as error:
        raise BackupError(str(error)) from error
    except OSError as error:
        msg = f"{error.filename or 'a file'}: {error.strerror or error}"
        raise BackupError(msg) from error
