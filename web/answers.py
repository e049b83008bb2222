"""Answers in JSON, and the errors that the web layer itself decides on."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from flask import Response


class AnswerError(Exception):
    """A request that ends here: with this status, body and these headers."""

    def __init__(
        self,
        status: HTTPStatus,
        body: Mapping[str, Any],
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.headers = headers or {}


def refusal(
    status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None
) -> AnswerError:
    """Make the usual refusal: one sentence under `detail`."""
    return AnswerError(status, {"detail": detail}, headers)


def json_answer(
    body: Any,
    status: HTTPStatus = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
) -> Response:
    return Response(
        msgspec.json.encode(body),
        status=status,
        headers=dict(headers or {}),
        mimetype="application/json",
    )
