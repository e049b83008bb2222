"""A running OpenWISP, asked through its REST interface."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from http.client import HTTPException
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

import msgspec

_LIMIT_SECONDS = 30
_ANSWER_BYTES_MAX = 32 << 20
_PAGE_SIZE = 100
_NOT_FOUND = 404
# Too many requests, and what proxies say of a server that is overloaded or restarted.
_BUSY = frozenset({429, 502, 503, 504})
_TRIES_MAX = 5
_PAUSE_SECONDS, _PAUSE_SECONDS_MAX = 2, 60
_REMEDIES = {
    401: "it does not know the token",
    403: "the token must be one of a superuser, or of an administrator there",
    429: "it is asked too much: run this again later",
}

Told = TypeVar("Told")


class OpenWispError(Exception):
    """OpenWISP did not answer as it should; the message says what to do."""


class _Nowhere(urllib.request.HTTPRedirectHandler):
    """A token is for one host: nobody is followed to another."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class OpenWisp:
    """Questions to `url` with a user's token; may be asked by several threads.

    Who is busy is asked again after the pause that it wishes, at most a minute.
    """

    def __init__(
        self, url: str, token: str, *, pause: Callable[[float], None] = time.sleep
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            msg = f"{url!r} is no URL of an OpenWISP, such as https://openwisp.example"
            raise OpenWispError(msg)
        if not (token.isascii() and token.isprintable()):
            msg = "the token has characters that no token has"
            raise OpenWispError(msg)
        self._base = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}/api/v1"
        self._token = token
        self._pause = pause
        self._opener = urllib.request.build_opener(_Nowhere)

    def all(self, path: str, kind: type[Told]) -> Iterator[Told]:
        """Return everything that a list has. Raises OpenWispError.

        The links to further pages are not followed: behind a proxy they may name
        another host.
        """
        page = 1
        while True:
            query = urlencode({"page": page, "page_size": _PAGE_SIZE})
            answer = self._asked(f"{path}?{query}")
            if answer is None and page > 1:
                # The list has become shorter while it was read.
                return
            if answer is None or not isinstance(answer.get("results"), list):
                msg = f"{self._base}{path} does not answer with a list: is it OpenWISP?"
                raise OpenWispError(msg)
            for each in answer["results"]:
                yield self._read(path, each, kind)
            if not answer.get("next"):
                return
            page += 1

    def one(self, path: str, kind: type[Told]) -> Told | None:
        """Return one thing, or None where there is none. Raises OpenWispError."""
        answer = self._asked(path)
        return None if answer is None else self._read(path, answer, kind)

    def _read(self, path: str, answer: Any, kind: type[Told]) -> Told:
        try:
            return msgspec.convert(answer, kind)
        except msgspec.ValidationError as error:
            msg = f"{self._base}{path} does not answer as OpenWISP does: {error}"
            raise OpenWispError(msg) from None

    def _asked(self, path: str) -> dict[str, Any] | None:
        tries = 0
        while True:
            tries += 1
            try:
                return self._read(path, self._answer(path), dict)
            except urllib.error.HTTPError as error:
                with error:
                    if error.code == _NOT_FOUND:
                        return None
                    wished = error.headers.get("Retry-After", "")
                    if error.code not in _BUSY or tries == _TRIES_MAX:
                        raise OpenWispError(self._complaint(path, error)) from None
                self._pause(_pause_seconds(wished, tries))
            except (OSError, HTTPException, ValueError, RecursionError) as error:
                msg = f"{self._base}{path} does not answer as OpenWISP: {error}"
                raise OpenWispError(msg) from None

    def _answer(self, path: str) -> Any:
        request = urllib.request.Request(  # noqa: S310 - the scheme was looked at
            self._base + path,
            headers={
                "Authorization": f"Bearer {self._token}",
                "Accept": "application/json",
            },
        )
        with self._opener.open(request, timeout=_LIMIT_SECONDS) as answer:
            return json.loads(answer.read(_ANSWER_BYTES_MAX))

    def _complaint(self, path: str, error: urllib.error.HTTPError) -> str:
        said = f"{self._base}{path} answers {error.code} {error.reason}".rstrip()
        if where := error.headers.get("Location"):
            return f"{said} and leads to {where}: give the URL that it leads to"
        remedy = _REMEDIES.get(error.code, "look there, then run this again")
        return f"{said}: {remedy}"


def _pause_seconds(wished: str, tries: int) -> float:
    """Return how long to wait: as was wished, or longer from try to try."""
    asked_for = int(wished) if wished.isdecimal() else _PAUSE_SECONDS * 2**tries
    return min(asked_for, _PAUSE_SECONDS_MAX)
