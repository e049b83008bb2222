"""`Idempotency-Key`: a request that is sent again is not done again.

As in draft-ietf-httpapi-idempotency-key-header. The log decides, in the append that
does the work: of equal requests at the same moment one does it, and all answer with
what came of it. So nobody has to be told that the first one is still on its way.
"""

import hashlib
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

import msgspec
from flask import request
from werkzeug.wrappers import Response as AnyResponse

from application.commands.idempotency import (
    NO_KEY,
    GivenKey,
    KeyUsedError,
    RequestKey,
    Used,
)
from web.answers import refusal
from web.api.authentication import asking
from web.api.bodies import body
from web.state import flashlog

T = TypeVar("T")
A = TypeVar("A", bound=AnyResponse)

HEADER = "Idempotency-Key"
# A string of RFC 9651, or the bare text that many clients send.
_KEY = re.compile(r'"([ -~]{1,255})"|([!#-~]{1,255})')


def once(
    work: Callable[[RequestKey], T],
    *,
    again: Callable[[Used], T],
    shown: Callable[[T], A],
    key_text: str | None = None,
) -> A:
    """Answer with what the work made, now or when the request was sent before.

    `work` gives the key to the command that does the work, which saves it with that;
    `again` returns what it made then. A form has its key in a field: `key_text`.
    Raises AnswerError (400 for a key that is none, 422 for another request's).
    """
    key = _given(key_text or request.headers.get(HEADER))
    if key is None:
        return shown(work(NO_KEY))
    used = key.used(flashlog())
    if used is None:
        try:
            return shown(work(key))
        except KeyUsedError as error:
            used = error.used
    if used.fingerprint != key.fingerprint:
        raise refusal(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            f"This {HEADER} was used for another request: take a new key.",
        )
    return shown(again(used))


def _given(text: str | None) -> GivenKey | None:
    if text is None:
        return None
    found = _KEY.fullmatch(text.strip())
    if found is None:
        raise refusal(
            HTTPStatus.BAD_REQUEST,
            f"{HEADER} must be 1 to 255 printable ASCII characters, such as a UUID.",
        )
    return GivenKey(
        user_id=asking().user_id,
        key=found[1] or found[2],
        fingerprint=_fingerprint(),
    )


def _fingerprint() -> str:
    """Tell this request from others; a form has another text each time it is sent."""
    said = [request.method, request.path, request.query_string.decode(), body()]
    return hashlib.sha256(msgspec.json.encode(said, order="sorted")).hexdigest()
