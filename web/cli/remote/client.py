"""Asking a service over REST; every refusal becomes the error a command knows."""

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import msgspec
import urllib3
from urllib3.exceptions import HTTPError

from web.cli.remote.address import trust
from web.cli.remote.errors import ServiceError, ServiceUnreachableError
from web.cli.remote.login import Login
from web.cli.remote.refusals import refusal, silence

FIRMWARE = "/api/v1/firmware-upgrader"
CONTROLLER = "/api/v1/controller"
USERS = "/api/v1/users"

_CONNECT_SECONDS = 10.0
_ANSWER_SECONDS = 60.0
# How often a question is asked that may be asked again, and the pause before.
_TRIES_MAX = 4
_PAUSE_SECONDS = 0.5
# The most rows that a service gives at once.
_PAGE_SIZE = 100
_GOOD, _ELSEWHERE = range(200, 300), range(300, 400)
_JSON = {"Accept": "application/json", "User-Agent": "Flashlog"}


class Client:
    """Speaks to one service, directly and not through a proxy of the environment.

    Raises InvalidError, NotFoundError, RefusedError and the errors of
    `web.cli.remote.errors`.
    """

    def __init__(
        self, login: Login, *, answer_seconds: float = _ANSWER_SECONDS
    ) -> None:
        self.login = login
        self.trust = trust(login.ca_file)
        self._pool = urllib3.PoolManager(
            ssl_context=self.trust,
            retries=False,
            timeout=urllib3.Timeout(
                connect=min(_CONNECT_SECONDS, answer_seconds), read=answer_seconds
            ),
        )

    def get(self, path: str, **query: object) -> Any:
        said = {name: value for name, value in query.items() if value is not None}
        return self._ask("GET", f"{path}?{urlencode(said)}" if said else path)

    def pages(
        self, path: str, *, limit: int | None = None, **query: object
    ) -> Iterator[Any]:
        """Read a list to its end, or up to `limit` rows."""
        size = min(limit or _PAGE_SIZE, _PAGE_SIZE)
        number, count = 1, 0
        while True:
            page = self.get(path, page=number, page_size=size, **query)
            for row in page["results"]:
                yield row
                count += 1
                if count == limit:
                    return
            if not page["next"]:
                return
            number += 1

    def post(self, path: str, body: Any = None) -> Any:
        return self._ask("POST", path, {} if body is None else body)

    def begin(self, method: str, path: str, body: Any = None) -> Any:
        """Start something: with a key, so that it is done once however often asked."""
        return self._ask(method, path, {} if body is None else body, key=uuid4())

    def close(self) -> None:
        self._pool.clear()

    def _ask(
        self, method: str, path: str, body: Any = None, *, key: UUID | None = None
    ) -> Any:
        tries = _TRIES_MAX if method == "GET" or key else 1
        while True:
            tries -= 1
            try:
                return self._once(method, path, body, key)
            except ServiceError as error:
                if not (tries and error.may_pass):
                    raise
            time.sleep(_PAUSE_SECONDS)

    def _once(self, method: str, path: str, body: Any, key: UUID | None) -> Any:
        url = self.login.url
        headers = dict(_JSON)
        if self.login.token:
            headers["Authorization"] = f"Bearer {self.login.token}"
        if key:
            headers["Idempotency-Key"] = str(key)
        raw = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            raw = msgspec.json.encode(body)
        try:
            answer = self._pool.request(
                method, f"{url}{path}", body=raw, headers=headers, redirect=False
            )
        except HTTPError as error:
            raise silence(url, error, is_asking=method == "GET") from None
        said = _decoded(answer.data)
        if answer.status in _GOOD and (said is not None or not answer.data):
            return said
        if answer.status in _ELSEWHERE and (place := answer.headers.get("Location")):
            msg = f"{url} sends us on to {place}: is that the address to log in at?"
            raise ServiceUnreachableError(msg)
        raise refusal(url, answer.status, answer.headers, said)


def _decoded(raw: bytes) -> Any:
    """Read JSON; None for anything else."""
    try:
        return msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return None
