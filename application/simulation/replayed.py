"""A recording played back over SSH: a router that answers as it once did.

It is as patient as whoever asks: a visit that found nobody is a connection that is
closed at once, however much later it comes. What it is told is compared with what the
recording has; the first difference ends it.
"""

import asyncio
import threading
from collections.abc import Coroutine, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import asyncssh

from application.recordings.lines import Answer, OpenedLine, RecordingError
from application.scripts.reading import taken_apart
from application.simulation.keys import new_host_key, options
from application.simulation.playback import bytes_of
from application.simulation.prompting import Prompter
from application.simulation.recording import Act, Recording

PASSWORD = "recorded"  # noqa: S105 - of a router that does not exist
_RELEASE = "23.05.4"
_WINDOW_BYTES = 24576
_LIMIT_SECONDS = 30.0
_WRITE, _LOOK = "write", "inspect"


class _Connection(asyncssh.SSHServer):
    """One TCP connection: a session of the recording, or one that came to nothing."""

    def __init__(self, router: "ReplayedRouter") -> None:
        self.router = router
        self._expected: OpenedLine | None = None
        self._is_look: bool | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._conn = conn
        self.router.connections.add(self)
        self._expected = self.router.prompter.expected()
        trouble = self._expected.trouble if self._expected else None
        if trouble:
            self.router.prompter.opened()
            if not _is_refusal(trouble.error):
                conn.abort()

    def is_only_looked_at(self, script: str, inputs: Mapping[str, str]) -> bool:
        """Whether this is no visit of an upgrade; such a look is in no recording."""
        if self._is_look is None:
            self._is_look = script == _LOOK and not inputs.get("path")
            if not self._is_look:
                self.router.prompter.opened()
        return self._is_look

    def connection_lost(self, exc: Exception | None) -> None:
        self.router.connections.discard(self)
        self.router.look()

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        is_open = self._expected is None or self._expected.trouble is None
        return is_open and (username, password) == ("root", PASSWORD)

    def session_requested(self) -> "_Exec":
        return _Exec(self)

    def abort(self) -> None:
        self._conn.abort()


class _Exec(asyncssh.SSHServerSession[bytes]):
    """One exec channel."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection
        self._prompter = connection.router.prompter
        self._writes = False

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._channel = chan

    def exec_requested(self, command: str) -> bool:
        self._command = command
        return True

    def session_started(self) -> None:
        name, inputs = taken_apart(self._command) or ("", {})
        self._writes = name == _WRITE
        if self._connection.is_only_looked_at(name, inputs):
            self._say(self._prompter.seen(name))
        elif self._writes:
            self._prompter.begin_write()
        else:
            self._say(self._prompter.answer(name, self._command, inputs))

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        if self._writes and not self._prompter.take(len(data)):
            self._writes = False
            self._connection.abort()

    def eof_received(self) -> bool:
        if self._writes:
            self._writes = False
            self._say(self._prompter.end_write())
        return True

    def _say(self, answer: Answer | None) -> None:
        if answer is None:
            self._connection.abort()
            return
        self._channel.write(bytes_of(answer.stdout, self._prompter.named))
        self._channel.write_stderr(bytes_of(answer.stderr, self._prompter.named))
        if answer.exit_status is None:
            self._channel.close()
        else:
            self._channel.exit(answer.exit_status)


class ReplayedRouter:
    """Answers SSH while it is entered; log in as root with `PASSWORD`.

    `wait` until it was told all that the recording has, or something else:
    `difference` says what. Raises RecordingError for what cannot be played like this.
    """

    username, password = "root", PASSWORD

    def __init__(self, recording: Recording, *, host: str = "127.0.0.1") -> None:
        _require_one_host_key(recording)
        self.recording = recording
        self.prompter = Prompter(recording)
        self.host, self.port = host, 0
        self.connections: set[_Connection] = set()
        self._over = threading.Event()
        self._loop = asyncio.new_event_loop()

    @property
    def difference(self) -> str:
        return self.prompter.difference

    @property
    def left(self) -> Sequence[Act]:
        """What the recording has and the router was not told yet."""
        return tuple(self.prompter.acts)

    def wait(self, limit_seconds: float | None = None) -> bool:
        """Wait until it is over and nobody is connected; False: not by then."""
        return self._over.wait(limit_seconds)

    def look(self) -> None:
        """See whether it is over."""
        if self.prompter.is_over and not self.connections:
            self._over.set()

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._acceptor = self._do(self._listen())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_LIMIT_SECONDS)
        self._loop.close()

    async def _listen(self) -> asyncssh.SSHAcceptor:
        acceptor = await asyncssh.create_server(
            lambda: _Connection(self),
            self.host,
            0,
            encoding=None,
            line_editor=False,
            window=_WINDOW_BYTES,
            **options(_RELEASE, new_host_key(_RELEASE)),
        )
        self.port = acceptor.get_port()
        return acceptor

    async def _end(self) -> None:
        self._acceptor.close()
        for connection in list(self.connections):
            connection.abort()
        await self._acceptor.wait_closed()

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        done = asyncio.run_coroutine_threadsafe(work, self._loop)
        return done.result(_LIMIT_SECONDS)


def _is_refusal(error: str) -> bool:
    return error == "AuthenticationFailedError"


def _require_one_host_key(recording: Recording) -> None:
    """Refuse what a router with a host key of its own cannot show."""
    opened = [
        act
        for visit in recording.visits
        for act in visit.acts
        if isinstance(act, OpenedLine)
    ]
    keys = {act.host_key.fingerprint for act in opened if act.host_key}
    troubles = {act.trouble.error for act in opened if act.trouble}
    if len(keys) > 1 or "HostKeyChangedError" in troubles:
        msg = "the router's host key changes in it: only a test can play that"
        raise RecordingError(msg)
