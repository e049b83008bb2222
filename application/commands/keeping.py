"""Put into the vault what an event is going to name."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from application.adapters.vault import KEEPING
from application.errors import LogBusyError, LogFullError, StorageError
from application.flashlog import Flashlog


@contextmanager
def kept_if_recorded(
    flashlog: Flashlog,
) -> Iterator[Callable[[str, Mapping[str, Any]], UUID]]:
    """Keep records in the vault that go again unless the log comes to name them.

    Until the end nobody takes them for what a crash has left.
    """
    kept: list[UUID] = []

    def keep(kind: str, value: Mapping[str, Any]) -> UUID:
        kept.append(flashlog.vault.put(kind, value))
        return kept[-1]

    with flashlog.among(KEEPING):
        try:
            yield keep
        except (LogBusyError, LogFullError):  # then nothing was written
            _erase(flashlog, kept)
            raise
        except StorageError:
            # The log may name them all the same, only its answer was lost. If not, the
            # next runner forgets them.
            raise
        except BaseException:
            _erase(flashlog, kept)
            raise


def _erase(flashlog: Flashlog, kept: Sequence[UUID]) -> None:
    for record_id in kept:
        flashlog.vault.erase(record_id)
