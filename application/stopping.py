"""Stopping at SIGTERM and SIGINT."""

import signal
from threading import Condition, Event, RLock


class Stop(Event):
    """An Event that a signal handler may set while its own thread waits for it.

    A handler runs in the middle of whatever the main thread does. If that is the
    waiting for a plain Event, whose lock it holds then, `set` waits for it for ever.
    """

    def __init__(self) -> None:
        super().__init__()
        self._cond = Condition(RLock())


def stop_at_signals() -> Stop:
    """Return what is set when this process is asked to stop; for the main thread."""
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
