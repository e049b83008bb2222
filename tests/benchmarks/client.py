"""A client of the REST interface that measures."""

import http.client
import json
import statistics
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

_ASKED = 31


class Client:
    """One connection that is kept; times are of whole answers, in milliseconds."""

    def __init__(self, url: str, token: str) -> None:
        self._connection = http.client.HTTPConnection(
            str(urlsplit(url).hostname), urlsplit(url).port, timeout=30
        )
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
        }

    def ask(self, path: str, method: str = "GET", body: Any = None) -> Any:
        sent = None if body is None else json.dumps(body)
        self._connection.request(method, path, sent, self._headers)
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status >= 400:
            msg = f"{method} {path}: {answer.status} {text[:200]!r}"
            raise RuntimeError(msg)
        return json.loads(text)

    def median_ms(self, path: str) -> float:
        self.ask(path)
        return statistics.median(
            milliseconds(lambda: self.ask(path))[0] for _ in range(_ASKED)
        )


def milliseconds(act: Callable[[], Any]) -> tuple[float, Any]:
    """Return how long something took, and its result."""
    begun = time.perf_counter()
    result = act()
    return (time.perf_counter() - begun) * 1000, result
