"""Signs checkpoints beside the projector, in one process of the installation.

Witnesses are told of them in a thread each, which nothing waits for.
"""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from math import inf
from threading import Event as Signal
from time import monotonic

from application.audit.keeper import TreeKeeper
from application.audit.tiling import ChangedLogError, made_again
from application.audit.witnesses import Messenger, UnwitnessedError, witnesses_of
from application.beside import beside
from application.errors import RefusedError, StorageError
from application.flashlog import Flashlog
from application.settings import SettingsError

ROLE = "audit"

# How often the log is asked for news; also how often another sealer is looked for.
_PAUSE_SECONDS = 0.25
# A log that was changed stays so until a person has looked.
_TROUBLE_PAUSE_SECONDS = 30.0
# How often it is looked whether there is something to tell a witness, in seconds.
_WITNESS_PAUSE_SECONDS = 1.0
_STOP_SECONDS = 1.0

_log = logging.getLogger(__name__)


@contextmanager
def sealing(flashlog: Flashlog) -> Iterator[None]:
    """Sign checkpoints, in a thread, for as long as no other process of ours does."""
    settings = flashlog.settings
    try:
        witnesses = witnesses_of(settings.witnesses)
    except SettingsError as error:
        _log.error("action=witnesses_off %s", error)
        witnesses = ()
    with ExitStack() as stack:
        for witness in witnesses:
            messenger = Messenger(
                flashlog.audit.store,
                witness,
                limit_seconds=settings.witness_limit_seconds,
            )
            stack.enter_context(
                beside(_Telling(flashlog, messenger), stop_seconds=_STOP_SECONDS)
            )
        stack.enter_context(
            beside(
                lambda stop: _seal(flashlog, stop), stop_seconds=settings.stop_seconds
            )
        )
        yield


def seal(flashlog: Flashlog) -> int | None:
    """Sign all there is at once; None where another process does that.

    Returns how many events are signed. Raises ChangedLogError.
    """
    with flashlog.alone(ROLE) as is_alone:
        return flashlog.audit.keeper().catch_up() if is_alone else None


def make_tiles_again(flashlog: Flashlog) -> int:
    """Make the hashes that are kept of the log again from it.

    Returns how many events are signed. Raises RefusedError while somebody signs, and
    ChangedLogError where the log is not what was signed: then they stay as they are.
    """
    with flashlog.alone(ROLE) as is_alone:
        if not is_alone:
            msg = "the service keeps hashes of the log just now: stop it first"
            raise RefusedError(msg)
        newest = flashlog.audit.store.newest()
        if newest is None:
            return 0
        return made_again(flashlog.audit.rows, flashlog.audit.store, newest.size).size


def _seal(flashlog: Flashlog, stop: Signal) -> None:
    while not stop.is_set():
        pause_seconds = _PAUSE_SECONDS
        try:
            with flashlog.alone(ROLE) as is_alone:
                if is_alone:
                    _follow(flashlog, is_alone.ending(stop))
        except StorageError as error:
            _log.warning("action=checkpoints_late %s", error)
        except ChangedLogError as error:
            _log.error("action=log_changed no checkpoint is signed: %s", error)
            pause_seconds = _TROUBLE_PAUSE_SECONDS
        except Exception:  # noqa: BLE001 - upgrades go on without it
            _log.exception("action=checkpoints_failed they go on in a moment")
            pause_seconds = _TROUBLE_PAUSE_SECONDS
        stop.wait(pause_seconds)


def _follow(flashlog: Flashlog, stop: Signal) -> None:
    """Sign in time until told to stop, and then what is left."""
    keeper = flashlog.audit.keeper()
    growth = flashlog.log.growth()
    due = _Due(flashlog)
    try:
        while not stop.is_set():
            if due.is_now(keeper, has_grown=growth.has_happened()):
                keeper.catch_up(is_enough=stop.is_set)
            stop.wait(_PAUSE_SECONDS)
        # A long log that is signed for the first time goes on at the next start.
        deadline = monotonic() + flashlog.settings.stop_seconds / 2
        keeper.catch_up(is_enough=lambda: monotonic() > deadline)
    finally:
        growth.close()


class _Due:
    """Whether it is time for a checkpoint."""

    def __init__(self, flashlog: Flashlog) -> None:
        self._rows = flashlog.audit.rows
        self._settings = flashlog.settings
        self._end = 0
        # What is there when it starts has waited already.
        self._waits_since: float | None = -inf

    def is_now(self, keeper: TreeKeeper, *, has_grown: bool) -> bool:
        if has_grown:
            self._end = self._rows.end()
        if self._end == keeper.size:
            self._waits_since = None
            return False
        if self._waits_since is None:
            self._waits_since = monotonic()
        waits = self._end - keeper.size
        waits_seconds = monotonic() - self._waits_since
        is_due = (
            waits < 0
            or waits >= self._settings.checkpoint_events_max
            or waits_seconds >= self._settings.checkpoint_seconds
        )
        if is_due:
            self._waits_since = None
        return is_due


class _Telling:
    """Brings one witness what is new, again and again with growing pauses."""

    def __init__(self, flashlog: Flashlog, messenger: Messenger) -> None:
        self._flashlog = flashlog
        self._messenger = messenger
        self._backoff_seconds = _WITNESS_PAUSE_SECONDS

    def __call__(self, stop: Signal) -> None:
        url = self._messenger.witness.url
        while not stop.wait(self._tell(url)):
            pass

    def _tell(self, url: str) -> float:
        """Bring what is new; returns how long to wait."""
        try:
            if self._messenger.has_news():
                size = self._messenger.bring()
                _log.info("action=witnessed witness=%s size=%d", url, size)
        except UnwitnessedError as error:
            _log.warning("action=unwitnessed %s", error)
        except Exception:  # noqa: BLE001 - upgrades go on without witnesses
            _log.exception("action=unwitnessed witness=%s", url)
        else:
            self._backoff_seconds = _WITNESS_PAUSE_SECONDS
            return _WITNESS_PAUSE_SECONDS
        limit = self._flashlog.settings.witness_backoff_max_seconds
        self._backoff_seconds = min(self._backoff_seconds * 2, limit)
        return self._backoff_seconds
