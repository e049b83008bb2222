"""How long is waited for an answer of PostgreSQL, at most.

The server has limits of its own, but one that is frozen, or behind a network that has
swallowed its answer, keeps none of them.
"""

from collections.abc import Generator
from time import monotonic
from typing import Any, TypeVar

import psycopg

_LOOK_SECONDS = 0.1

T = TypeVar("T")


class SilentError(psycopg.OperationalError):
    """The server has not answered in time."""


class Silence:
    """When the server was last found silent; all connections of a pool are told."""

    def __init__(self) -> None:
        self.found_at = float("-inf")

    def is_found(self) -> None:
        self.found_at = monotonic()


class Connection(psycopg.Connection[tuple[Any, ...]]):
    """Gives up, and itself too, when no answer comes.

    Whether what was asked has been done is not known then.
    """

    limit_seconds = float("inf")
    silence = Silence()

    def wait(
        self, gen: Any, interval: float = _LOOK_SECONDS, *args: Any, **kwargs: Any
    ) -> Any:
        try:
            return super().wait(self._limited(gen), interval, *args, **kwargs)
        except SilentError:
            self.close()
            raise

    def _limited(self, gen: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
        begun = monotonic()
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if not ready:
                    self._require_patience(begun)
                wanted = gen.send(ready)
        except StopIteration as end:
            result: T = end.value
            return result

    def _require_patience(self, begun: float) -> None:
        waited_seconds = monotonic() - begun
        if waited_seconds > self.limit_seconds or self.silence.found_at > begun:
            msg = f"no answer for {waited_seconds:.0f} s"
            raise SilentError(msg)
