"""Sessions and their opening, written down on the way through."""

from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

from application.ports import (
    Completed,
    Connector,
    ImageSource,
    Limits,
    Session,
    Span,
    Target,
)
from application.recordings.lines import OpenedLine, UploadLine
from application.recordings.recorder import Recorder


class RecordingConnector:
    """A `ports.Connector` that writes down what is opened, and what is not."""

    def __init__(self, connector: Connector, recorder: Recorder) -> None:
        self._connector = connector
        self._recorder = recorder

    def open(self, target: Target, limits: Limits) -> Session:
        """Open a session; see `ports.Connector.open`."""
        recorder, after = self._recorder, self._recorder.after_seconds()
        recorder.wording.know(target)
        is_new = target.accept_new_host_key
        try:
            session = self._connector.open(target, limits)
        except Exception as error:
            recorder.opened(
                OpenedLine(
                    after_seconds=after,
                    accept_new_host_key=is_new,
                    trouble=recorder.wording.trouble(error),
                )
            )
            raise
        recorder.opened(
            OpenedLine(
                after_seconds=after,
                accept_new_host_key=is_new,
                address=session.address,
                port=session.port,
                credentials_id=session.credentials_id,
                refused=recorder.wording.reasons(session.refused),
                host_key=session.host_key,
                jump_host_keys=session.jump_host_keys,
                weak_algorithms=session.weak_algorithms,
                round_trip_seconds=round(session.round_trip_seconds, 4),
            )
        )
        return RecordingSession(session, recorder)


class RecordingSession:
    """A `ports.Session` that writes down every command and upload."""

    def __init__(self, session: Session, recorder: Recorder) -> None:
        self._session = session
        self._recorder = recorder
        self._uploads = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def execute(
        self, command: str, *, limit_seconds: float, stdout_bytes_max: int = 1 << 20
    ) -> Completed:
        """Run a command; see `ports.Session.execute`."""
        recorder, after = self._recorder, self._recorder.after_seconds()
        place = recorder.begin()

        def note(ended: Any) -> None:
            recorder.ran(
                place,
                command,
                ended,
                after_seconds=after,
                during_upload=bool(self._uploads),
            )

        try:
            completed = self._session.execute(
                command, limit_seconds=limit_seconds, stdout_bytes_max=stdout_bytes_max
            )
        except Exception as error:
            note(recorder.wording.trouble(error))
            raise
        note(completed)
        return completed

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
        """Send spans of the image; see `ports.Session.upload`."""
        recorder, begun = self._recorder, monotonic()
        after, place = recorder.after_seconds(), recorder.begin()
        progress: list[tuple[float, int]] = []

        def note(sent_bytes: int) -> None:
            if not progress or progress[-1][1] != sent_bytes:
                progress.append((round(monotonic() - begun, 3), sent_bytes))
            on_progress(sent_bytes)

        def line(**ended: Any) -> UploadLine:
            return UploadLine(
                after_seconds=after,
                sha256=source.sha256,
                size_bytes=source.size,
                spans=tuple(spans),
                channels=channels,
                progress=tuple(progress),
                seconds=round(monotonic() - begun, 3),
                **ended,
            )

        self._uploads += 1
        try:
            writes = self._session.upload(
                source,
                spans,
                command_for=command_for,
                channels=channels,
                stall_seconds=stall_seconds,
                bytes_per_second_max=bytes_per_second_max,
                on_progress=note,
            )
        except Exception as error:
            recorder.sent(place, line(trouble=recorder.wording.trouble(error)))
            raise
        finally:
            self._uploads -= 1
        recorder.sent(place, line(answers=tuple(map(recorder.wording.answer, writes))))
        return writes

    def close(self) -> None:
        """Close the connection; never raises."""
        self._session.close()
