"""Channels of a paramiko transport, without its waits and its copies."""

import struct
import threading
from typing import Any

import paramiko
from paramiko.common import MSG_CHANNEL_DATA, cMSG_CHANNEL_REQUEST

from application.adapters.ssh.wire import BROKEN, closed_by_router
from application.errors import LinkLostError


class ChannelRefusedError(Exception):
    """The server opens no further channel on a connection that is alive."""


def open_channel(transport: Any, limit_seconds: float) -> Any:
    """Open a channel for a command.

    Raises ChannelRefusedError, LinkLostError when the connection is broken.
    """
    try:
        return transport.open_session(timeout=limit_seconds)
    except BROKEN as error:
        said = str(error) or type(error).__name__
        # Of several refusals at once paramiko hands its own exception to one caller.
        if transport.is_active() and isinstance(error, paramiko.SSHException):
            raise ChannelRefusedError(said) from error
        raise LinkLostError(f"the connection broke: {said}") from error


def request_command(channel: Any, command: str) -> None:
    """Ask for a command without waiting for the answer.

    `Channel.exec_command` waits a round trip, and without limit. `channel.event` is set
    when the command runs or the channel is closed; a refusal closes it. A router may
    close a channel even before it was asked for anything.
    """
    closed_by_router(channel)
    channel._event_pending()  # noqa: SLF001  # `event` tells the answer
    if channel.closed:
        channel.event.set()
        return
    message = paramiko.Message()
    message.add_byte(cMSG_CHANNEL_REQUEST)
    message.add_int(channel.remote_chanid)
    message.add_string("exec")
    message.add_boolean(True)  # noqa: FBT003  # the protocol's "want reply"
    message.add_string(command)
    channel.transport._send_user_message(message)  # noqa: SLF001


def wait_for_window(channel: Any, wanted_bytes: int) -> int:
    """Wait until the peer takes at least so many bytes; 0 when the channel is closed.

    Returns how many it takes. `Channel.send` alone sends whatever fits, be it a byte.
    """
    with channel.lock:
        while not channel.closed and not channel.eof_sent:
            room: int = channel.out_window_size
            if room >= wanted_bytes:
                return room
            channel.out_buffer_cv.wait()
    return 0


class Bell:
    """One event for both buffers of a channel, cleared by the reader alone.

    Paramiko clears a buffer's event when that buffer is empty, which would lose the
    ring of the other one.
    """

    def __init__(self, channel: Any) -> None:
        self._rung = threading.Event()
        channel.in_buffer.set_event(self)
        channel.in_stderr_buffer.set_event(self)

    def set(self) -> None:
        """Ring: a buffer got data or was closed."""
        self._rung.set()

    def clear(self) -> None:
        """Ignore a buffer that was emptied: the other one may have rung."""

    def reset(self) -> None:
        """Start to listen anew; look at both buffers after it."""
        self._rung.clear()

    def wait(self, limit_seconds: float | None) -> bool:
        """Wait for a ring since the last reset; False when the limit passed."""
        return self._rung.wait(limit_seconds)


class _Packet:
    """A message that is put together at once; `paramiko.Message` copies three times."""

    def __init__(self, payload: bytes) -> None:
        self._payload = payload

    def asbytes(self) -> bytes:
        return self._payload


def send_piece(channel: Any, piece: memoryview) -> bool:
    """Send as much as `wait_for_window` said; False when the channel is closed."""
    size = len(piece)
    with channel.lock:
        if channel.closed or channel.eof_sent:
            return False
        channel.out_window_size -= size
    header = struct.pack(">BII", MSG_CHANNEL_DATA, channel.remote_chanid, size)
    # Out of the lock: while keys are exchanged anew this waits, and so would the thread
    # that reads the peer's packets.
    channel.transport._send_user_message(_Packet(b"".join((header, piece))))  # noqa: SLF001
    return True
