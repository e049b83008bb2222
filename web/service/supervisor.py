"""Starts the parts, says when they are ready, keeps them up, stops them in order."""

import http.client
import logging
import signal
from collections.abc import Callable, Sequence
from http import HTTPStatus
from time import monotonic
from urllib.parse import urlsplit

from application.stopping import Stop
from web.service.child import Child

_LOG = logging.getLogger(__name__)

_LOOK_SECONDS = 0.05
_PROBE_SECONDS = 2.0
_COMPLAINT_SECONDS = 30.0


class Supervisor:
    """`children` are stopped in the order given: whoever needs others comes first."""

    def __init__(
        self,
        children: Sequence[Child],
        *,
        url: str,
        stop_seconds: float,
        announce: Callable[[str], None],
    ) -> None:
        self._children = children
        self._url = url
        self._stop_seconds = stop_seconds
        self._announce = announce
        self._stop = Stop()
        self._is_impatient = False

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT; a second one kills what is left."""
        previous = {
            number: signal.signal(number, self._on_signal)
            for number in (signal.SIGTERM, signal.SIGINT)
        }
        try:
            # Last stopped, first started: nobody waits for what is not there yet.
            for child in reversed(self._children):
                child.start()
            self._keep_up()
        finally:
            self._stop_all()
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _keep_up(self) -> None:
        is_ready = False
        complain_at = monotonic() + _COMPLAINT_SECONDS
        while not self._stop.wait(_LOOK_SECONDS):
            for child in self._children:
                child.keep_up()
            if is_ready:
                continue
            status, text = _health(self._url)
            if status == HTTPStatus.OK:
                is_ready = True
                self._announce(f"ready {self._url}")
            elif monotonic() > complain_at:
                _LOG.warning("action=not_ready the service is not ready yet: %s", text)
                complain_at = monotonic() + _COMPLAINT_SECONDS

    def _stop_all(self) -> None:
        for child in self._children:
            limit = 0.0 if self._is_impatient else self._stop_seconds
            child.stop(limit_seconds=limit)

    def _on_signal(self, *_: object) -> None:
        self._is_impatient = self._stop.is_set()
        self._stop.set()


def _health(url: str) -> tuple[int, str]:
    """Ask for our own health, over the loopback where we listen everywhere."""
    address = urlsplit(url)
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(  # noqa: S104 - compared with
        str(address.hostname), str(address.hostname)
    )
    connection = http.client.HTTPConnection(host, address.port, timeout=_PROBE_SECONDS)
    try:
        connection.request("GET", "/health/ready")
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    except OSError as error:
        return 0, str(error)
    except http.client.HTTPException as error:
        return 0, repr(error)
    finally:
        connection.close()
