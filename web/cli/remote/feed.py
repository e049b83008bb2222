"""The event feed of a service, followed through lost connections without a gap."""

import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from http import HTTPStatus
from threading import Event, Thread
from typing import Any, Self
from urllib.parse import urlencode

import msgspec
import websocket

from application.errors import RefusedError
from web.cli.remote.address import origin_of, socket_url
from web.cli.remote.errors import ServiceUnreachableError
from web.cli.remote.login import Login
from web.cli.remote.refusals import reason_of, refusal

_PATH = "/ws/firmware-upgrader/event/"
_CONNECT_SECONDS = 10.0
# The service pings more often than that: who is silent for so long is gone.
_SILENCE_SECONDS = 90.0
_PAUSE_SECONDS = 0.5
_PAUSE_SECONDS_MAX = 10.0
# How long the service may be gone before the following is given up.
_PATIENCE_SECONDS = 600.0
_FAREWELL_SECONDS = 2.0

Message = dict[str, Any]
Filters = Mapping[str, Sequence[str]]


def is_event(message: Message) -> bool:
    return "specversion" in message


def is_caught_up(message: Message) -> bool:
    """Whether everything up to now was told; told again after each new connection."""
    return message.get("type") == "caught_up"


class Feed:
    """Opens the feed; `tell` is told when the connection is lost, and found again."""

    def __init__(
        self, login: Login, trust: ssl.SSLContext, tell: Callable[[str], None]
    ) -> None:
        self.login = login
        self.trust = trust
        self.tell = tell

    def follow(self, after: int | None, filters: Filters) -> "Following":
        """Follow what happens after a position; None: only from now on."""
        return Following(self, after, filters)


class Following:
    """One who follows; iterate over it once, and hang up from wherever you are."""

    def __init__(self, feed: Feed, after: int | None, filters: Filters) -> None:
        self._feed = feed
        self._after = after
        self._filters = filters
        self._connection: websocket.WebSocket | None = None
        self._is_over = Event()

    def __iter__(self) -> Iterator[Message]:
        """Give every message, without a gap over lost connections.

        Raises RefusedError, LoggedOutError, and ServiceUnreachableError when the
        service is gone for good.
        """
        pause, lost_at = _PAUSE_SECONDS, 0.0
        while True:
            try:
                for message in self._once():
                    if lost_at:
                        self._feed.tell("the service answers again: nothing was missed")
                    pause, lost_at = _PAUSE_SECONDS, 0.0
                    self._after = message.get("position", self._after)
                    yield message
            except ServiceUnreachableError as error:
                if self._is_over.is_set():
                    return
                now = time.monotonic()
                if not error.may_pass or (
                    lost_at and now > lost_at + _PATIENCE_SECONDS
                ):
                    raise
                if not lost_at:
                    self._feed.tell(f"{error}; trying again")
                lost_at = lost_at or now
            if self._is_over.wait(pause):
                return
            pause = min(2 * pause, _PAUSE_SECONDS_MAX)

    def hang_up(self) -> None:
        """End the following, also from another thread."""
        self._is_over.set()
        connection = self._connection
        if connection is not None and connection.sock is not None:
            with suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)

    def _once(self) -> Iterator[Message]:
        """Give the messages of one connection."""
        url = self._feed.login.url
        try:
            with self._connected() as connection:
                while not self._is_over.is_set() and (raw := connection.recv()):
                    yield msgspec.json.decode(raw)
        except websocket.WebSocketBadStatusException as error:
            raise self._refused(error) from None
        except (websocket.WebSocketException, OSError, msgspec.DecodeError) as error:
            msg = f"{url} {reason_of(error)}"
            may_pass = not isinstance(error, ssl.SSLCertVerificationError)
            raise ServiceUnreachableError(msg, may_pass=may_pass) from None
        msg = f"{url} ended the connection"
        raise ServiceUnreachableError(msg, may_pass=True)

    @contextmanager
    def _connected(self) -> Iterator[websocket.WebSocket]:
        connection = self._open()
        self._connection = connection
        try:
            yield connection
            connection.close(timeout=_FAREWELL_SECONDS)
        finally:
            connection.shutdown()  # type: ignore[no-untyped-call]  # it has no types

    def _open(self) -> websocket.WebSocket:
        after = "end" if self._after is None else self._after
        query = urlencode({"after": after, **self._filters}, doseq=True)
        login = self._feed.login
        connection = websocket.create_connection(
            f"{socket_url(login.url, _PATH)}?{query}",
            timeout=_CONNECT_SECONDS,
            header=[f"Authorization: Bearer {login.token}"],
            origin=origin_of(login.url),
            sslopt={"context": self._feed.trust},
            # Directly, as everything else that is asked.
            http_no_proxy=["*"],
            redirect_limit=0,
        )
        connection.settimeout(_SILENCE_SECONDS)
        return connection

    def _refused(self, error: websocket.WebSocketBadStatusException) -> Exception:
        headers = {k.title(): v for k, v in (error.resp_headers or {}).items()}
        try:
            said = msgspec.json.decode(error.resp_body or b"")
        except msgspec.DecodeError:
            said = None
        if error.status_code == HTTPStatus.FORBIDDEN:
            msg = (
                f"{self._feed.login.url} does not let you follow what happens: your "
                "account must be active and staff there"
            )
            return RefusedError(msg)
        if error.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            msg = f"{self._feed.login.url} has no room for another listener"
            return ServiceUnreachableError(msg, may_pass=True)
        return refusal(self._feed.login.url, error.status_code, headers, said)


class Bell:
    """Rings when something happened, however often it did; also to begin with."""

    def __init__(self, following: Following) -> None:
        self._following = following
        self._rung = Event()
        self._error: Exception | None = None
        self._listener = Thread(target=self._listen, daemon=True)

    def wait(self, seconds: float) -> None:
        """Wait until it has rung since the last time. Raises what the feed does."""
        self._rung.wait(seconds)
        self._rung.clear()
        if self._error is not None:
            raise self._error

    def __enter__(self) -> Self:
        self._listener.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._following.hang_up()
        self._listener.join(_FAREWELL_SECONDS)

    def _listen(self) -> None:
        try:
            for message in self._following:
                if is_event(message) or is_caught_up(message):
                    self._rung.set()
        except Exception as error:  # noqa: BLE001 - raised again where it is waited for
            self._error = error
            self._rung.set()
