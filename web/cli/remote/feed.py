"""The event feed of a service, followed through lost connections without a gap."""

import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
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
        self._login = login
        self._trust = trust
        self._tell = tell

    def messages(self, after: int | None, filters: Filters) -> Iterator[Message]:
        """Give every message after a position; None: only what happens from now on.

        Raises RefusedError, LoggedOutError, and ServiceUnreachableError when the
        service is gone for good.
        """
        pause, lost_at = _PAUSE_SECONDS, 0.0
        while True:
            try:
                for message in self._once(after, filters):
                    if lost_at:
                        self._tell("the service answers again: nothing was missed")
                    pause, lost_at = _PAUSE_SECONDS, 0.0
                    after = message.get("position", after)
                    yield message
            except ServiceUnreachableError as error:
                now = time.monotonic()
                if not lost_at:
                    self._tell(f"{error}; trying again")
                lost_at = lost_at or now
                if not error.may_pass or now > lost_at + _PATIENCE_SECONDS:
                    raise
            time.sleep(pause)
            pause = min(2 * pause, _PAUSE_SECONDS_MAX)

    def _once(self, after: int | None, filters: Filters) -> Iterator[Message]:
        """Give the messages of one connection. Raises what `messages` does."""
        url = self._login.url
        try:
            with closing(self._connected(after, filters)) as connection:
                while raw := connection.recv():
                    yield msgspec.json.decode(raw)
        except websocket.WebSocketBadStatusException as error:
            raise self._refused(error) from None
        except (websocket.WebSocketException, OSError, msgspec.DecodeError) as error:
            msg = f"{url} {reason_of(error)}"
            may_pass = not isinstance(error, ssl.SSLCertVerificationError)
            raise ServiceUnreachableError(msg, may_pass=may_pass) from None
        msg = f"{url} ended the connection"
        raise ServiceUnreachableError(msg, may_pass=True)

    def _connected(self, after: int | None, filters: Filters) -> websocket.WebSocket:
        query = urlencode(
            {"after": "end" if after is None else after, **filters}, doseq=True
        )
        url = self._login.url
        connection = websocket.create_connection(
            f"{socket_url(url, _PATH)}?{query}",
            timeout=_CONNECT_SECONDS,
            header=[f"Authorization: Bearer {self._login.token}"],
            origin=origin_of(url),
            sslopt={"context": self._trust},
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
                f"{self._login.url} lets you ask, but not follow what happens: your "
                "account would have to be staff there"
            )
            return RefusedError(msg)
        if error.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            msg = f"{self._login.url} has no room for another listener"
            return ServiceUnreachableError(msg, may_pass=True)
        return refusal(self._login.url, error.status_code, headers, said)


class Bell:
    """Rings when something happened, however often it did; also to begin with."""

    def __init__(self, messages: Iterator[Message]) -> None:
        self._messages = messages
        self._rung = Event()
        self._error: Exception | None = None
        self._is_over = False

    def wait(self, seconds: float) -> bool:
        """Wait until it has rung since the last time. Raises what the feed does."""
        has_rung = self._rung.wait(seconds)
        self._rung.clear()
        if self._error is not None:
            raise self._error
        return has_rung

    def __enter__(self) -> Self:
        Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over = True

    def _listen(self) -> None:
        try:
            for message in self._messages:
                if self._is_over:
                    return
                if is_event(message) or is_caught_up(message):
                    self._rung.set()
        except Exception as error:  # noqa: BLE001 - raised again where it is waited for
            self._error = error
            self._rung.set()
