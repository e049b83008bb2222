"""Asking a service over REST; every refusal becomes the error a command knows."""

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID, uuid4

import msgspec
import urllib3
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from web.cli.remote.address import trust
from web.cli.remote.errors import ServiceError, ServiceUnreachableError
from web.cli.remote.form import Form, Told
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
Answered = TypeVar("Answered")
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

    def change(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._ask("PATCH", path, dict(body))

    def begin(self, method: str, path: str, body: Any = None) -> Any:
        """Start something: with a key, so that it is done once however often asked."""
        return self._ask(method, path, {} if body is None else body, key=uuid4())

    def upload(
        self, path: str, fields: Mapping[str, str], file: Path, told: Told
    ) -> Any:
        """Send a file where the same file is taken once, however often it is sent."""

        def send() -> Any:
            with file.open("rb") as stream:
                form = Form(fields, file, stream, told)
                headers = {
                    "Content-Type": form.content_type,
                    "Content-Length": str(form.size_bytes),
                }
                return self._once("POST", path, form, headers)

        return _patiently(send, tries_max=_TRIES_MAX)

    def text(self, path: str) -> str:
        """Return what is no JSON."""
        headers = {"Accept": "text/plain, */*"}
        answer = _patiently(
            lambda: self._answer("GET", path, None, headers), tries_max=_TRIES_MAX
        )
        if answer.status in _GOOD:
            return str(answer.data.decode(errors="replace"))
        raise self._refusal(answer)

    def close(self) -> None:
        self._pool.clear()

    def _ask(
        self, method: str, path: str, body: Any = None, *, key: UUID | None = None
    ) -> Any:
        headers = {"Idempotency-Key": str(key)} if key else {}
        raw = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            raw = msgspec.json.encode(body)
        return _patiently(
            lambda: self._once(method, path, raw, headers),
            tries_max=_TRIES_MAX if method == "GET" or key else 1,
        )

    def _once(
        self, method: str, path: str, raw: Any, headers: Mapping[str, str]
    ) -> Any:
        answer = self._answer(method, path, raw, headers)
        said = _decoded(answer.data)
        if answer.status in _GOOD and (said is not None or not answer.data):
            return said
        raise self._refusal(answer)

    def _answer(
        self, method: str, path: str, raw: Any, headers: Mapping[str, str]
    ) -> BaseHTTPResponse:
        url = self.login.url
        told = dict(_JSON)
        if self.login.token:
            told["Authorization"] = f"Bearer {self.login.token}"
        try:
            return self._pool.request(
                method,
                f"{url}{path}",
                body=raw,
                headers=told | dict(headers),
                redirect=False,
            )
        except HTTPError as error:
            raise silence(url, error, is_asking=method == "GET") from None

    def _refusal(self, answer: BaseHTTPResponse) -> Exception:
        """Return what an answer means that is none."""
        url = self.login.url
        if answer.status in _ELSEWHERE and (place := answer.headers.get("Location")):
            msg = f"{url} sends us on to {place}: is that the address to log in at?"
            return ServiceUnreachableError(msg)
        return refusal(url, answer.status, answer.headers, _decoded(answer.data))


def _patiently(ask: Callable[[], Answered], *, tries_max: int) -> Answered:
    """Ask again where the next answer may be better, so often at most."""
    tries = tries_max
    while True:
        tries -= 1
        try:
            return ask()
        except ServiceError as error:
            if not (tries and error.may_pass):
                raise
        time.sleep(_PAUSE_SECONDS)


def _decoded(raw: bytes) -> Any:
    """Read JSON; None for anything else."""
    try:
        return msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return None
