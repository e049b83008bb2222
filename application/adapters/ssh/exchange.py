"""One command on one channel: its output read as it comes, its end recognised."""

import time
from typing import Any

from application.adapters.ssh.channels import Bell, request_command
from application.errors import LinkLostError, UnexpectedError
from application.ports import Completed

_STDERR_BYTES_MAX = 64 << 10  # of the end, where the reason stands
_COMMAND_SHOWN_CHARACTERS = 60
_READ_BYTES = 64 << 10


class Exchange:
    """A command that runs on a channel of its own.

    Standard output and standard error are read together, because a router that cannot
    write one of them waits, and never writes the other.
    """

    def __init__(self, channel: Any, command: str, stdout_bytes_max: int) -> None:
        self.channel = channel
        self._command = command.partition("\n")[0][:_COMMAND_SHOWN_CHARACTERS]
        self._stdout_bytes_max = stdout_bytes_max
        self._stdout = bytearray()
        self._stderr = bytearray()
        self._begun = time.monotonic()
        self._bell = Bell(channel)
        request_command(channel, command)

    def wait_for_start(self) -> bool:
        """Wait until the router has started the command.

        False when the router closed the channel instead.
        """
        self.channel.event.wait()
        return self.channel.event_ready or not self.channel.closed_by_router.is_set()

    def end_input(self) -> None:
        """Let the command read the end of its standard input."""
        self.channel.shutdown_write()

    def finish(self, limit_seconds: float | None) -> Completed:
        """Wait for the end, counted from the start of the command.

        Raises LinkLostError when the limit passes (None: no limit) or the connection
        breaks, UnexpectedError when the command writes more than it may.
        """
        while True:
            self._bell.reset()
            closed = self.channel.closed  # looked at first: what came before it counts
            self._read()
            if closed:
                return self._completed()
            left_seconds = None
            if limit_seconds is not None:
                left_seconds = limit_seconds - (time.monotonic() - self._begun)
                if left_seconds <= 0:
                    self.channel.close()
                    raise LinkLostError(
                        f"'{self._command}' did not end within {limit_seconds:g} s"
                    )
            self._bell.wait(left_seconds)

    def _read(self) -> None:
        while self.channel.recv_ready():
            self._stdout += self.channel.recv(_READ_BYTES)
            if len(self._stdout) > self._stdout_bytes_max:
                self.channel.close()
                raise UnexpectedError(
                    f"more than {self._stdout_bytes_max} bytes of output",
                    command=self._command,
                    tail=self._stdout[-200:].decode(errors="replace"),
                )
        while self.channel.recv_stderr_ready():
            self._stderr += self.channel.recv_stderr(_READ_BYTES)
            del self._stderr[:-_STDERR_BYTES_MAX]

    def _completed(self) -> Completed:
        status = self.channel.exit_status
        if not self.channel.closed_by_router.is_set() and (
            status < 0 or not self.channel.eof_received
        ):
            raise LinkLostError(f"the connection broke while '{self._command}' ran")
        return Completed(
            exit_status=status if status >= 0 else None,
            stdout=bytes(self._stdout),
            stderr=bytes(self._stderr),
            seconds=time.monotonic() - self._begun,
        )
