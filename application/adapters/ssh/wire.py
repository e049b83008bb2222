"""Paramiko's transport, fitted for many quiet connections and for uploads.

What leans on paramiko's internals is in this module and in `channels`; the range of
versions is pinned in pyproject.toml.
"""

import hmac
import logging
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ClassVar

import paramiko
from paramiko.common import (
    MSG_CHANNEL_CLOSE,
    MSG_CHANNEL_FAILURE,
    MSG_CHANNEL_WINDOW_ADJUST,
)
from paramiko.packet import Packetizer

from application.adapters.ssh.algorithms import Offer

LOG_CHANNEL = "flashlog.ssh.paramiko"

# Paramiko looks around every 0.1 s, which costs 1,000 idle connections a quarter of a
# core. Everything here that ends a connection shuts its socket down, so nobody needs to
# look; what is left is the beat of its keep-alive.
_SOCKET_WAKE_SECONDS = 30.0
# The last resort for a peer that acknowledges nothing; commands and uploads have limits
# of their own, far below.
_SEND_STALL_SECONDS = 300.0
_SEND_WAKE = struct.pack("@ll", int(_SOCKET_WAKE_SECONDS), 0)
_READ_AHEAD_BYTES = 16 << 10
_THREAD_END_SECONDS = 1.0
_BANNER_BYTES_MAX = 64 << 10
_TCP_KEEPALIVE_IDLE_SECONDS = 30
_TCP_KEEPALIVE_INTERVAL_SECONDS = 10
_TCP_KEEPALIVE_PROBES = 3
# What waits in the kernel cannot be called back: a small queue keeps a cancel quick on
# a slow link. It bounds what is not sent yet, not what is under way: no speed is lost.
_TCP_UNSENT_BYTES_MAX = 128 << 10

# Paramiko compares the check sum of each packet byte by byte in Python.
paramiko.util.constant_time_bytes_eq = hmac.compare_digest

# What paramiko raises when a connection is gone.
BROKEN = (OSError, EOFError, paramiko.SSHException)

# Paramiko logs tracebacks of every broken handshake as errors; the reasons reach the
# caller as exceptions, with words that help.
logging.getLogger(LOG_CHANNEL).addHandler(logging.NullHandler())
logging.getLogger(LOG_CHANNEL).propagate = False


def connect_socket(address: str, port: int, limit_seconds: float) -> socket.socket:
    """Open a TCP connection that sends small packets at once and notices a dead peer.

    Raises OSError, TimeoutError when nobody answers within the limit.
    """
    stream = socket.create_connection((address, port), timeout=limit_seconds)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (
        ("TCP_KEEPIDLE", _TCP_KEEPALIVE_IDLE_SECONDS),
        ("TCP_KEEPINTVL", _TCP_KEEPALIVE_INTERVAL_SECONDS),
        ("TCP_KEEPCNT", _TCP_KEEPALIVE_PROBES),
        ("TCP_NOTSENT_LOWAT", _TCP_UNSENT_BYTES_MAX),
    ):
        if hasattr(socket, option):  # not every system has every one
            stream.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    return stream


class QuietPacketizer(Packetizer):  # type: ignore[misc]  # paramiko ships no types
    """Sends with a last limit, and starts no thread to time the handshake."""

    def __init__(self, stream: Any) -> None:
        super().__init__(stream)
        self._stream = stream
        self._ahead = b""
        self._quick = isinstance(stream, socket.socket) and hasattr(
            socket, "TCP_QUICKACK"
        )

    def settle(self) -> None:
        """Stop to acknowledge every packet at once.

        Until the first channel is open, OpenSSH's server holds small packets back until
        the last one is acknowledged, and the kernel takes 40 ms for that by itself.
        """
        self._quick = False

    def start_handshake(self, timeout: float) -> None:
        """Leave the time to `start_client`'s limit; paramiko's timer outlives it."""

    def readline(self, timeout: float) -> str:
        """Read the line of a banner; `start_client`'s limit takes paramiko's place."""
        while b"\n" not in self._ahead and len(self._ahead) < _BANNER_BYTES_MAX:
            self._receive()
        line, _, rest = self._ahead.partition(b"\n")
        self._ahead = rest
        return line.rstrip(b"\r").decode("utf-8", errors="replace")

    def read_all(self, n: int, check_rekey: bool = False) -> bytes:  # noqa: FBT001, FBT002
        """Return `n` bytes; raises EOFError when the connection ends.

        Reads ahead, where paramiko asks the kernel twice for each small packet: window
        adjustments are half of all packets of an upload. That keys are to be exchanged
        anew is noticed after each packet; said here, it would be said again and again,
        and the other side's part of the exchange never read.
        """
        while len(self._ahead) < n:
            self._receive()
        taken, self._ahead = self._ahead[:n], self._ahead[n:]
        return taken

    def _receive(self) -> None:
        try:
            received = self._stream.recv(_READ_AHEAD_BYTES)
        except TimeoutError:
            if self.closed:
                raise EOFError from None
            self._check_keepalive()
            return
        if not received:
            raise EOFError
        self._ahead += received
        if self._quick:  # the kernel forgets it with the next packet
            self._stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def write_all(self, out: bytes) -> None:
        """Send everything; raises EOFError when the link is broken or stuck."""
        left = memoryview(out)
        patience_seconds = _SEND_STALL_SECONDS
        while left:
            try:
                sent = self._stream.send(left)
            except (TimeoutError, BlockingIOError):
                patience_seconds -= _SOCKET_WAKE_SECONDS
                if patience_seconds <= 0 or self.closed:
                    raise EOFError from None
                continue
            except OSError:
                raise EOFError from None
            if not sent:  # a channel of a jump host that is closed
                raise EOFError
            left = left[sent:]
            patience_seconds = _SEND_STALL_SECONDS


def closed_by_router(channel: Any) -> threading.Event:
    """Return what tells that the router closed a channel in order.

    Asked for by who uses the channel and by who reads from the wire: whoever comes
    first makes it.
    """
    made: threading.Event = channel.__dict__.setdefault(
        "closed_by_router", threading.Event()
    )
    return made


def _note_close(channel: Any, message: Any) -> None:
    closed_by_router(channel).set()
    _answer(paramiko.Channel._handle_close, channel, message)  # noqa: SLF001


def _note_refusal(channel: Any, message: Any) -> None:
    _answer(paramiko.Channel._request_failed, channel, message)  # noqa: SLF001


def _answer(handle: Callable[[Any, Any], None], channel: Any, message: Any) -> None:
    """Let a channel answer; while keys are exchanged anew that waits for their end.

    The end comes only if the thread that reads goes on, so another one waits then.
    """
    if channel.transport.clear_to_send.is_set():
        handle(channel, message)
    else:
        threading.Thread(
            target=handle, args=(channel, message), name="answer", daemon=True
        ).start()


def _grow_window(channel: Any, message: Any) -> None:
    # Under one lock with the room: a lane that begins to wait just then is either
    # heard of here or has seen the room itself.
    with channel.lock:
        channel.out_window_size += message.get_int()
        filling = channel.__dict__.get("filling")
        if filling is None:
            channel.out_buffer_cv.notify_all()
    if filling is not None:
        filling.go_on()


class RouterTransport(paramiko.Transport):  # type: ignore[misc]  # untyped
    """Remembers what the server offered and which channels the server closed itself.

    `server_host_keys`: the host key algorithms that the server has. A channel whose
    `closed_by_router` is set ended in order; any other one ended with the connection.
    """

    _channel_handler_table: ClassVar = {
        **paramiko.Transport._channel_handler_table,  # noqa: SLF001
        MSG_CHANNEL_CLOSE: _note_close,
        MSG_CHANNEL_FAILURE: _note_refusal,
        MSG_CHANNEL_WINDOW_ADJUST: _grow_window,
    }

    def __init__(self, stream: Any, offer: Offer, **options: Any) -> None:
        self.server_host_keys: tuple[str, ...] = ()
        super().__init__(stream, packetizer_class=QuietPacketizer, **options)
        if isinstance(stream, socket.socket):
            # Without a time-out Python need not ask before each call whether it may.
            stream.settimeout(None)
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _SEND_WAKE)
        else:
            stream.settimeout(_SOCKET_WAKE_SECONDS)
        self.set_log_channel(LOG_CHANNEL)
        security = self.get_security_options()
        security.ciphers = offer.ciphers
        security.digests = offer.macs
        security.kex = offer.key_exchanges
        security.key_types = offer.host_keys

    def run(self) -> None:
        """Read until the end; a jump host that is gone cannot be told about it."""
        with suppress(*BROKEN):
            super().run()

    def _really_parse_kex_init(self, m: Any, **options: Any) -> dict[str, Any]:
        parsed: dict[str, Any] = super()._really_parse_kex_init(m, **options)
        if not options:  # with options it reads our own list once more
            self.server_host_keys = tuple(parsed["server_key_algo_list"])
        return parsed


def hang_up(client: Any) -> None:
    """End a client's connection at once and wake everybody who waits on it."""
    transport = client.get_transport()
    if transport is None:
        return
    # Closing a socket wakes no thread that reads from it; shutting it down does.
    for end in (
        lambda: transport.sock.shutdown(socket.SHUT_RDWR),
        transport.sock.close,
        client.close,
    ):
        with suppress(*BROKEN):
            end()
    if transport.is_alive():
        transport.join(_THREAD_END_SECONDS)
