"""Writes down what a visit does, bounded and without secrets; keeps it in a file."""

import logging
import zlib
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from time import monotonic
from typing import Any

import msgspec

from application.adapters.recording_store import RecordingStore
from application.ports import Completed
from application.recordings.lines import (
    CommandLine,
    LeftOutLine,
    Line,
    OpenedLine,
    Trouble,
    UploadLine,
    VisitLine,
    encode,
)
from application.recordings.wording import Wording
from application.scripts.reading import taken_apart
from application.settings import Settings
from domain.operation.events import VisitRecorded

# What decides how a visit goes, beside what the router says.
_SETTINGS = (
    "backup_configuration",
    "health_check_seconds",
    "health_retry_seconds",
    "memory_margin_bytes",
    "memory_settle_seconds",
    "operation_seconds",
    "reconnect_retries_max",
    "restarts_max",
    "retries_max",
    "services_to_stop",
    "settle_patience_seconds",
    "stop_wifi",
    "switch_lease_seconds",
    "upgrade_timeout_seconds",
    "upload_channels_max",
    "upload_chunk_bytes",
    "upload_directory",
)
_CONFIGURATION_SCRIPTS = frozenset({"backup"})
_PROGRESS_MAX = 2000

_log = logging.getLogger(__name__)


class Part(msgspec.Struct, frozen=True):
    """What was kept, how the log names it, and how many lines are in it."""

    event: VisitRecorded
    lines: int


class Recorder:
    """One visit, from its beginning until the log names what was kept of it.

    `visit` says who goes, asked when something is kept. Nothing here ever fails a
    visit: what cannot be kept is said in the log instead.
    """

    def __init__(
        self, store: RecordingStore, settings: Settings, visit: Callable[[], VisitLine]
    ) -> None:
        self._store = store
        self._settings = settings
        self._visit = visit
        self.wording = Wording(output_bytes_max=settings.recording_output_bytes_max)
        self._begun = monotonic()
        self._lines: list[Line | None] = []
        self._bytes = 0
        self._left_out = 0
        self._commands = 0
        self._was_in = False

    @property
    def has_news(self) -> bool:
        """Whether somebody was let in, or said more, since something was kept."""
        return self._was_in

    def after_seconds(self) -> float:
        return round(monotonic() - self._begun, 3)

    def opened(self, line: OpenedLine) -> None:
        """Note that a session was opened, or why it was not."""
        self._was_in = self._was_in or line.trouble is None
        self._take(self._place(), line)

    def begin(self) -> int:
        """Take the place of something that begins now."""
        self._commands += 1
        self._was_in = True
        return self._place()

    def ran(
        self,
        place: int,
        command: str,
        ended: Completed | Trouble,
        *,
        after_seconds: float,
        during_upload: bool,
    ) -> None:
        """Note a command and how it ended."""
        script, inputs = taken_apart(command) or ("", {})
        answer = trouble = None
        if isinstance(ended, Completed):
            is_open = script not in _CONFIGURATION_SCRIPTS
            answer = self.wording.answer(ended, is_open=is_open)
        else:
            trouble = ended
        line = CommandLine(
            after_seconds=after_seconds,
            script=script,
            inputs={key: self.wording.text(value) for key, value in inputs.items()},
            command="" if script else self.wording.cut(command).text,
            during_upload=during_upload,
            answer=answer,
            trouble=trouble,
        )
        self._take(place, line)

    def sent(self, place: int, line: UploadLine) -> None:
        """Note an upload; of its progress, not more than tells how it went."""
        progress = line.progress
        while len(progress) > _PROGRESS_MAX:
            progress = (*progress[:-1:2], progress[-1])
        self._take(place, msgspec.structs.replace(line, progress=progress))

    def keep(self, *, is_last: bool = False) -> Part | None:
        """Write what is new into a file; None where nothing is.

        It is on the disk when this returns, and may be kept again until `forget`. Of
        a visit that ended at the door, the reason is in the log: only the last one of
        an operation is kept all the same.
        """
        if not (self._was_in or (is_last and self._lines)):
            return None
        count = len(self._lines)
        try:
            content = zlib.compress(b"".join(map(encode, self._told())), level=6)
            sha256 = self._store.put(content)
        except Exception as error:  # noqa: BLE001 - an upgrade goes on without it
            _log.warning("action=not_recorded error=%s", error)
            reason = getattr(error, "strerror", None) or type(error).__name__
            return Part(VisitRecorded(trouble=reason), count)
        recorded = VisitRecorded(
            sha256=sha256, size_bytes=len(content), commands=self._commands
        )
        return Part(recorded, count)

    def forget(self, part: Part) -> None:
        """Begin anew after what the log names by now."""
        del self._lines[: part.lines]
        self._bytes = self._left_out = self._commands = 0
        self._was_in = False

    def _told(self) -> Iterable[Line]:
        visit = self._visit()
        defaults = _defaults()
        others = {
            name: value
            for name in _SETTINGS
            if (value := getattr(self._settings, name)) != defaults[name]
        }
        yield msgspec.structs.replace(visit, settings=others)
        yield from filter(None, self._lines)
        if self._left_out:
            yield LeftOutLine(lines=self._left_out)

    def _place(self) -> int:
        self._lines.append(None)
        return len(self._lines) - 1

    def _take(self, place: int, line: Line) -> None:
        size = len(encode(line))
        if self._bytes + size > self._settings.recording_bytes_max:
            self._left_out += 1
            return
        self._bytes += size
        self._lines[place] = line


@cache
def _defaults() -> Mapping[str, Any]:
    return {each.name: each.default for each in msgspec.structs.fields(Settings)}
