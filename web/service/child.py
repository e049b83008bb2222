"""One child process of the service: started, watched, started again, stopped."""

import logging
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic

import msgspec

_LOG = logging.getLogger(__name__)

_BACKOFF_SECONDS = 0.1
# Whoever lived this long was well: the next trouble is a new one.
_WELL_SECONDS = 30.0


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """What a part of the service runs."""

    name: str
    command: Sequence[str]
    directory: Path
    environment: Mapping[str, str]
    inherited: Sequence[int] = ()


class Child:
    """Keeps one program running, with growing pauses while it keeps ending."""

    def __init__(self, program: Program, *, backoff_seconds_max: float) -> None:
        self.name = program.name
        self._program = program
        self._backoff_seconds_max = backoff_seconds_max
        self._backoff_seconds = _BACKOFF_SECONDS
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._start_again_at: float | None = None

    def start(self) -> None:
        self._started_at = monotonic()
        self._start_again_at = None
        self._process = subprocess.Popen(
            self._program.command,
            cwd=self._program.directory,
            env=self._program.environment,
            pass_fds=self._program.inherited,
            stdin=subprocess.DEVNULL,
            # Ctrl-C in a terminal is for the supervisor alone, which stops the others.
            process_group=0,
        )

    def keep_up(self) -> None:
        """Look after the process: note its end, start it again when it is time."""
        now = monotonic()
        if self._start_again_at is not None:
            if now >= self._start_again_at:
                self.start()
            return
        if self._process is None or self._process.poll() is None:
            return
        if now - self._started_at > _WELL_SECONDS:
            self._backoff_seconds = _BACKOFF_SECONDS
        self._start_again_at = now + self._backoff_seconds
        _LOG.warning(
            "action=part_ended the %s ended (status %s): it is started again in %.1f s",
            self.name,
            self._process.returncode,
            self._backoff_seconds,
        )
        self._backoff_seconds = min(
            self._backoff_seconds * 2, self._backoff_seconds_max
        )

    def stop(self, *, limit_seconds: float) -> None:
        """Ask it to finish, wait for it, kill it when the limit has passed."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        # One that was frozen hears it only when it goes on.
        process.send_signal(signal.SIGCONT)
        try:
            process.wait(limit_seconds)
        except subprocess.TimeoutExpired:
            _LOG.warning("action=part_killed the %s did not stop in time", self.name)
        # Also what it has started itself, should that be left.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
