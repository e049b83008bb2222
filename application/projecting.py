"""The projector: a process of its own, or beside a runner that has none."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event as Signal

from application.beside import beside
from application.errors import StorageError
from application.flashlog import Flashlog
from application.sealing import sealing
from application.settings import Settings
from application.stopping import stop_at_signals

ROLE = "projector"

# How often a second projector looks whether the first has gone, in seconds.
_LOOK_SECONDS = 0.1
# A projector that ended is started again by its service, which is given the time.
_STAND_IN_LOOK_SECONDS = 2.0

_log = logging.getLogger(__name__)


def run_projector(settings: Settings) -> None:
    """Keep the read models up with the log until SIGTERM or SIGINT.

    One at a time: where another process is the projector, this one waits for it to
    go and then takes over.
    """
    stop = stop_at_signals()
    flashlog = Flashlog(settings)
    try:
        with sealing(flashlog):
            while not stop.is_set():
                try:
                    _project(flashlog, stop)
                except StorageError as error:
                    _log.warning("action=projector_waits %s", error)
                stop.wait(_LOOK_SECONDS)
    finally:
        flashlog.close()


@contextmanager
def standing_in(flashlog: Flashlog) -> Iterator[None]:
    """Be the projector, in a thread, for as long as no process of its own is.

    Sign the log meanwhile, as that would.
    """
    with (
        sealing(flashlog),
        beside(
            lambda done: _stand_in(flashlog, done),
            stop_seconds=flashlog.settings.stop_seconds,
        ),
    ):
        yield


def _stand_in(flashlog: Flashlog, done: Signal) -> None:
    while not done.is_set():
        try:
            _project(flashlog, done)
        except StorageError as error:
            _log.warning("action=projector_waits %s", error)
        except Exception:  # noqa: BLE001 - without it the runner would wait for ever
            _log.exception("action=projector_failed it goes on in a moment")
        done.wait(_STAND_IN_LOOK_SECONDS)


def _project(flashlog: Flashlog, stop: Signal) -> None:
    """Project until told to stop, unless somebody else does."""
    with flashlog.alone(ROLE) as is_alone:
        if is_alone:
            with flashlog.presence.of(ROLE):
                flashlog.projector.run(is_alone.ending(stop))
