"""A router that says again what it has said in a recording, word for word.

It is asked at the port of sessions, without a wire: what a link did to a session is in
the recording, too. Ids are new in every log, so those of the recording are told as
those of the operation that is played.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from application import errors
from application.ports import Completed, HostKey, ImageSource, Limits, Span, Target
from application.recordings.lines import (
    Answer,
    CommandLine,
    OpenedLine,
    Output,
    Trouble,
    UploadLine,
)
from application.recordings.redaction import REMOVED
from application.scripts.reading import taken_apart
from application.simulation.recording import Act, Recording

_BACKUP = b"\x1f\x8b"
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_PLAIN = (
    errors.LinkLostError,
    errors.RefusedStepError,
    errors.UnexpectedError,
    errors.UnreachableError,
)


def bytes_of(output: Output, named: Callable[[str], str]) -> bytes:
    """Return what a command wrote; of what is kept from everybody, something as long.

    `named` says the ids of today where the recording says its own.
    """
    if output.sha256 and output.bytes is not None:
        return _BACKUP.ljust(output.bytes, b"\0")
    return named(output.text).encode()


class PlayedClock:
    """A `ports.Clock` that stands where the recording is."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def start_from(self, recorded_at: datetime) -> None:
        """Go on to a time, unless it is over."""
        self._now = max(self._now, recorded_at)


class DifferentError(Exception):
    """The router is told something else than in the recording."""


class Playback:
    """A `ports.Connector` to the router of a recording.

    `pace` is how long what took a second in the upload takes now, in seconds. Call
    `begin` before each visit. `difference` is the first one from the recording.
    """

    def __init__(self, recording: Recording, *, pace: float = 0.0) -> None:
        self.recording = recording
        first = recording.events[0].at if recording.events else _LONG_AGO
        self.clock = PlayedClock(first)
        self.difference = ""
        self._pace = pace
        self._names: Mapping[str, str] = {}
        self._visits = iter(recording.visits)
        self._at = first
        self._acts: list[Act] = []

    def play_as(self, operation_id: UUID, installation: UUID) -> None:
        """Say these ids where the recording says its own."""
        head = self.recording.head
        self._names = {
            str(head.operation): str(operation_id),
            head.operation.hex: operation_id.hex,
            str(head.installation): str(installation),
        }

    def begin(self) -> bool:
        """Go on to the next visit; False where the recording has no more."""
        visit = next(self._visits, None)
        if visit is None:
            return False
        self._at, self._acts = visit.line.at, list(visit.acts)
        self.clock.start_from(self._at)
        return True

    def open(self, target: Target, limits: Limits) -> "PlayedSession":
        """Open a session, or not; see `ports.Connector.open`."""
        act = self._next(OpenedLine, "a session")
        if act.accept_new_host_key != target.accept_new_host_key and not act.trouble:
            raise self._different("a session that takes a new host key, or another")
        if act.trouble:
            raise self.error(act.trouble)
        return PlayedSession(self, act)

    def command(self, command: str) -> Completed:
        """Answer a command as it was answered."""
        name, inputs = taken_apart(command) or ("", {})
        act = self._next(CommandLine, name or command)
        if (name, "" if name else command) != (act.script, act.command):
            raise self._different(name or command, act)
        for key, value in inputs.items():
            expected = self.named(act.inputs.get(key, ""))
            if expected != value and REMOVED not in expected:
                raise self._different(f"{name} with {key}={value!r}", act)
        if act.answer is None:
            raise self.error(act.trouble)
        self._go_to(act.after_seconds + act.answer.seconds)
        return self.completed(act.answer)

    def upload(
        self, spans: Sequence[Span], on_progress: Callable[[int], None]
    ) -> list[Completed]:
        """Take spans as they were taken."""
        act = self._next(UploadLine, "an upload")
        if act.spans != tuple(spans):
            raise self._different(f"an upload of {list(spans)}", act)
        before = 0.0
        for seconds, sent_bytes in act.progress:
            time.sleep((seconds - before) * self._pace)
            before = seconds
            on_progress(sent_bytes)
        # What was said meanwhile depends on how long it took.
        while self._acts and getattr(self._acts[0], "during_upload", False):
            self._acts.pop(0)
        self._go_to(act.after_seconds + act.seconds)
        if act.trouble:
            raise self.error(act.trouble)
        return [self.completed(answer) for answer in act.answers]

    def named(self, text: str) -> str:
        for recorded, played in self._names.items():
            text = text.replace(recorded, played)
        return text

    def completed(self, answer: Answer) -> Completed:
        return Completed(
            exit_status=answer.exit_status,
            stdout=bytes_of(answer.stdout, self.named),
            stderr=bytes_of(answer.stderr, self.named),
            seconds=answer.seconds,
        )

    def error(self, trouble: Trouble | None) -> Exception:
        """Return the error that was met; what only a person can do is a lost link."""
        if trouble is None:
            return errors.LinkLostError("the recording does not say what was answered")
        message, details = self.named(trouble.message), trouble.details
        if trouble.error == "HostKeyChangedError":
            return errors.HostKeyChangedError(
                address=details["address"],
                expected=details["expected"],
                found=details["found"],
            )
        if trouble.error == "AuthenticationFailedError":
            return errors.AuthenticationFailedError(message, refused=trouble.refused)
        for kind in _PLAIN:
            if kind.__name__ == trouble.error:
                return kind(message)
        return errors.LinkLostError(message)

    def _next(self, kind: type[Any], asked: str) -> Any:
        act = self._acts.pop(0) if self._acts else None
        if not isinstance(act, kind):
            raise self._different(asked, act)
        self._go_to(act.after_seconds)
        return act

    def _go_to(self, seconds: float) -> None:
        self.clock.start_from(self._at + timedelta(seconds=seconds))

    def _different(self, asked: str, act: Act | None = None) -> DifferentError:
        told = msgspec.json.encode(act).decode()[:500] if act else "nothing more"
        difference = f"the router is asked for {asked}, the recording has {told}"
        self.difference = self.difference or difference
        return DifferentError(difference)


class PlayedSession:
    """A `ports.Session` as it was opened."""

    def __init__(self, playback: Playback, opened: OpenedLine) -> None:
        self._playback = playback
        self.address = opened.address
        self.port = opened.port
        self.credentials_id = opened.credentials_id or UUID(int=0)
        self.refused = opened.refused
        self.host_key = opened.host_key or HostKey(type="", base64="", fingerprint="")
        self.jump_host_keys = opened.jump_host_keys
        self.weak_algorithms = opened.weak_algorithms
        self.round_trip_seconds = opened.round_trip_seconds

    def execute(
        self, command: str, *, limit_seconds: float, stdout_bytes_max: int = 1 << 20
    ) -> Completed:
        """Answer a command; see `ports.Session.execute`."""
        return self._playback.command(command)

    def upload(  # the port's own list
        self,
        source: ImageSource,
        spans: Sequence[Span],
        *,
        command_for: Callable[[int], str],
        channels: int,
        stall_seconds: float,
        bytes_per_second_max: int | None,
        on_progress: Callable[[int], None],
    ) -> list[Completed]:
        """Take spans of an image; see `ports.Session.upload`."""
        return self._playback.upload(spans, on_progress)

    def close(self) -> None:
        """Close the session; never raises."""
