"""One child process of the service: started, watched, started again, stopped."""

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event
from time import monotonic

import msgspec

_LOG = logging.getLogger(__name__)

# A folder named like one of our packages in the working directory is not ours: Python
# does not look there with -P, and finds ours by `python_path`.
PYTHON = (sys.executable, "-P", "-m")
ROOT = Path(__file__).resolve().parents[2]

_BACKOFF_SECONDS = 0.1
_LOOK_SECONDS = 0.02
# Whoever lived this long was well: the next trouble is a new one.
_WELL_SECONDS = 30.0


def python_path() -> str:
    """Return the PYTHONPATH of our processes: where we are, then what was given."""
    given = os.environ.get("PYTHONPATH")
    return os.pathsep.join([str(ROOT), *([given] if given else [])])


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
                self._start_again()
            return
        if self._process is None or self._process.poll() is None:
            return
        if now - self._started_at > _WELL_SECONDS:
            self._backoff_seconds = _BACKOFF_SECONDS
        self._put_off(f"ended (status {self._process.returncode})")

    def stop(self, *, limit_seconds: float, hurry: Event) -> None:
        """Ask it to finish; kill it when the limit has passed or `hurry` is set."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        # One that was frozen hears it only when it goes on.
        process.send_signal(signal.SIGCONT)
        deadline = monotonic() + limit_seconds
        while process.poll() is None:
            if hurry.wait(_LOOK_SECONDS) or monotonic() > deadline:
                _LOG.warning("action=part_killed the %s did not stop yet", self.name)
                break
        # Also what it has started itself, should that be left.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def _start_again(self) -> None:
        try:
            self.start()
        except OSError as error:
            # A machine that is short of processes or memory may have some again soon.
            self._put_off(f"cannot be started ({error.strerror})")

    def _put_off(self, cause: str) -> None:
        _LOG.warning(
            "action=part_ended the %s %s: it is started again in %.1f s",
            self.name,
            cause,
            self._backoff_seconds,
        )
        self._start_again_at = monotonic() + self._backoff_seconds
        self._backoff_seconds = min(
            self._backoff_seconds * 2, self._backoff_seconds_max
        )
