"""Work in a thread beside a block."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event as Signal
from threading import Thread


@contextmanager
def beside(work: Callable[[Signal], None], *, stop_seconds: float) -> Iterator[None]:
    """Do some work until the block ends; then it is told to stop, and given the time.

    What takes longer is left to whoever does this work next.
    """
    stop = Signal()
    thread = Thread(target=work, args=(stop,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(stop_seconds)
