"""Telling a program on this machine."""

import os
import shlex
import signal
import subprocess
from contextlib import suppress

import msgspec

from application.notices.channel import TOO_LONG, UndeliveredError
from application.notices.notice import Notice
from application.settings import PREFIX, SettingsError


class Command:
    """Runs a program, without a shell, with the notice's JSON on its input.

    Our own settings, some of them secret, are not in its environment.
    """

    name = "command"

    def __init__(self, command: str, *, limit_seconds: float) -> None:
        try:
            self._words = shlex.split(command)
        except ValueError as error:
            msg = f"FLASHLOG_NOTICE_COMMAND cannot be read: {error}"
            raise SettingsError(msg) from None
        if not self._words:
            msg = "FLASHLOG_NOTICE_COMMAND is blank: name a program"
            raise SettingsError(msg)
        self._limit_seconds = limit_seconds

    def send(self, notice: Notice) -> None:
        try:
            with subprocess.Popen(
                self._words,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                process_group=0,
                env=_environment(),
            ) as process:
                status = self._fed(process, msgspec.json.encode(notice))
        except OSError as error:
            raise UndeliveredError(str(error)) from None
        if status:
            msg = f"the command ended with status {status}"
            raise UndeliveredError(msg)

    def _fed(self, process: subprocess.Popen[bytes], raw: bytes) -> int:
        try:
            process.communicate(raw, timeout=self._limit_seconds)
        except subprocess.TimeoutExpired:
            # With all that it has started.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise UndeliveredError(TOO_LONG) from None
        return process.returncode


def _environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)}
