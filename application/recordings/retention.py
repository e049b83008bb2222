"""Removes recordings that were kept long enough, and what no event names."""

import logging
from contextlib import AbstractContextManager
from datetime import timedelta
from threading import Event as Signal
from time import time

from application.adapters.log.rows import StoredRows
from application.audit.named_recordings import named_in, recordings_in
from application.beside import beside
from application.errors import NotFoundError, StorageError
from application.flashlog import Flashlog
from domain.recordings import RECORDINGS_ID, Recordings

# A role of `Flashlog.alone`: whoever needs that nothing is removed shares it.
ROLE = "recordings"
# A file is there before the event that names it, and may be for as long as this.
_UNNAMED_SECONDS = 24 * 3600
_PAUSE_SECONDS = 3600.0
_STOP_SECONDS = 1.0

_log = logging.getLogger(__name__)


def retiring(flashlog: Flashlog) -> AbstractContextManager[None]:
    """Remove what is old, now and every hour, in a thread."""
    return beside(lambda stop: _retire(flashlog, stop), stop_seconds=_STOP_SECONDS)


def remove_old(flashlog: Flashlog) -> int:
    """Remove what is too old and what is left over; returns how many files.

    That the old ones go is in the log before they do, so that nobody takes it for
    tampering. One process at a time; where another one is at it, nothing is done.
    """
    with flashlog.alone(ROLE) as is_alone:
        if not is_alone or not flashlog.recordings.is_there:
            return 0
        return _remove_old(flashlog, flashlog.storage.rows())


def _remove_old(flashlog: Flashlog, rows: StoredRows) -> int:
    # Looked at before the log is: what is named meanwhile is not among them.
    files = {each.sha256: each for each in flashlog.recordings}
    before = flashlog.clock.now() - timedelta(days=flashlog.settings.recording_days)
    recordings = recordings_in(rows)
    old = []
    for named in named_in(rows):
        file = files.pop(recordings.kept_as(named.sha256), None)
        if file and (
            named.recorded_at < before or recordings.has_removed(named.recorded_at)
        ):
            old.append(file)
    if old:

        def remove() -> int:
            recordings = flashlog.log.get_or_new(Recordings, RECORDINGS_ID)
            recordings.remove(before=before)
            return flashlog.log.append(recordings)

        flashlog.log.decide(remove)
    left = [
        file for file in files.values() if file.written_at < time() - _UNNAMED_SECONDS
    ]
    for file in (*old, *left):
        file.path.unlink(missing_ok=True)
    return len(old) + len(left)


def _retire(flashlog: Flashlog, stop: Signal) -> None:
    while not stop.is_set():
        try:
            if count := remove_old(flashlog):
                _log.info("action=recordings_removed files=%d", count)
        except (StorageError, NotFoundError, OSError) as error:
            _log.warning("action=recordings_not_removed error=%s", error)
        except Exception:  # noqa: BLE001 - what is old can stay a while longer
            _log.exception("action=recordings_not_removed")
        stop.wait(_PAUSE_SECONDS)
