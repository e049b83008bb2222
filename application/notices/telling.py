"""The sender in a thread beside the runner, in one process of the installation."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Event as Signal

from application.beside import beside
from application.errors import StorageError
from application.flashlog import Flashlog
from application.notices.channel import Channel
from application.notices.channels import channels_of
from application.notices.sender import Sender
from application.notices.state import StateFile
from application.settings import SettingsError

ROLE = "notices"

# How often it is looked whether another sender has gone; also the pause after trouble.
_PAUSE_SECONDS = 5.0
_STOP_SECONDS = 1.0

_log = logging.getLogger(__name__)


@contextmanager
def telling(flashlog: Flashlog) -> Iterator[None]:
    """Tell people, in a thread, for as long as no other process of ours does."""
    try:
        channels = channels_of(flashlog.settings)
    except SettingsError as error:
        _log.error("action=notices_off %s", error)
        channels = []
    if not channels:
        # Once it is turned on again, nobody is told of all that was before.
        StateFile(flashlog.storage.kept).forget()
        yield
        return
    with beside(
        lambda stop: _tell(flashlog, channels, stop), stop_seconds=_STOP_SECONDS
    ):
        yield


def _tell(flashlog: Flashlog, channels: Sequence[Channel], stop: Signal) -> None:
    while not stop.is_set():
        try:
            with flashlog.alone(ROLE) as is_alone:
                if is_alone:
                    Sender(flashlog, channels).run(is_alone.ending(stop))
        except (StorageError, OSError) as error:
            _log.warning("action=notices_late %s", error)
        except Exception:  # noqa: BLE001 - people are told as long as anything runs
            _log.exception("action=notices_failed they go on in a moment")
        stop.wait(_PAUSE_SECONDS)
