"""A running OpenWISP, asked through its REST interface."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException
from typing import Any
from urllib.parse import urlencode, urlsplit

_LIMIT_SECONDS = 30
_ANSWER_BYTES_MAX = 32 << 20
_PAGE_SIZE = 100
_NOT_FOUND = 404


class OpenWispError(Exception):
    """OpenWISP did not answer as it should; the message says what to do."""


class _Nowhere(urllib.request.HTTPRedirectHandler):
    """A token is for one host: nobody is followed to another."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class OpenWisp:
    """Questions to `url` with a user's token; may be asked by several threads."""

    def __init__(self, url: str, token: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            msg = f"{url!r} is no URL of an OpenWISP, such as https://openwisp.example"
            raise OpenWispError(msg)
        self._base = f"{parts.scheme}://{parts.netloc}/api/v1"
        self._token = token
        self._opener = urllib.request.build_opener(_Nowhere)

    def all(self, path: str) -> Iterator[dict[str, Any]]:
        """Return everything that a list has. Raises OpenWispError."""
        page = 1
        while True:
            query = urlencode({"page": page, "page_size": _PAGE_SIZE})
            answer = self._asked(f"{path}?{query}") or {}
            if not isinstance(answer.get("results"), list):
                msg = f"{self._base}{path} does not answer with a list: is it OpenWISP?"
                raise OpenWispError(msg)
            yield from answer["results"]
            if not answer.get("next"):
                return
            page += 1

    def one(self, path: str) -> dict[str, Any] | None:
        """Return one thing, or None where there is none. Raises OpenWispError."""
        return self._asked(path)

    def _asked(self, path: str) -> dict[str, Any] | None:
        request = urllib.request.Request(  # noqa: S310 - the scheme was looked at
            self._base + path,
            headers={
                "Authorization": f"Bearer {self._token}",
                "Accept": "application/json",
            },
        )
        try:
            with self._opener.open(request, timeout=_LIMIT_SECONDS) as answer:
                found = json.loads(answer.read(_ANSWER_BYTES_MAX))
        except urllib.error.HTTPError as error:
            with error:
                if error.code == _NOT_FOUND:
                    return None
                msg = (
                    f"{self._base}{path} answers {error.code} {error.reason}: is the "
                    "token one of a superuser or administrator?"
                )
            raise OpenWispError(msg) from None
        except (OSError, HTTPException, ValueError) as error:
            msg = f"{self._base}{path} does not answer as OpenWISP: {error}"
            raise OpenWispError(msg) from None
        if not isinstance(found, dict):
            msg = f"{self._base}{path} does not answer with an object"
            raise OpenWispError(msg)
        return found
