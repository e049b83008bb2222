"""Every answer of a test is judged by the interface's own description of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import jsonschema_rs
import pytest
from flask import Flask, Response, current_app, request

from web import transport
from web.api.resource import Resource
from web.api.schema.document import document
from web.api.schema.operations import path_of

_documents: list[dict[str, Any]] = []


@contextmanager
def judged(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Note what answers have, or lack, that is not described; fail in the end."""
    wrong: list[str] = []
    finish = transport._finish

    def finish_and_judge(response: Response) -> Response:
        answer = finish(response)
        wrong.extend(wrong_with(answer))
        return answer

    monkeypatch.setattr(transport, "_finish", finish_and_judge)
    yield
    assert wrong == [], "\n".join(wrong)


def wrong_with(answer: Response) -> Iterator[str]:
    rule, method = request.url_rule, request.method.lower()
    if rule is None or method == "head" or answer.status_code == 500:
        return
    view = current_app.view_functions[rule.endpoint]
    if not isinstance(getattr(view, "__self__", None), Resource):
        return
    said = _described(current_app)["paths"][path_of(rule.rule)].get(method)
    if said is None:  # 405, or OPTIONS
        return
    place = f"{request.method} {rule.rule} {answer.status_code}"
    response = said["responses"].get(str(answer.status_code))
    if response is None:
        yield f"{place}: this status is not described"
        return
    content = _found(response).get("content", {})
    if answer.mimetype not in content:
        is_empty = answer.direct_passthrough or not answer.get_data()
        if content or not is_empty:
            yield f"{place}: {answer.mimetype} is not described"
        return
    if answer.mimetype == "application/json" and content[answer.mimetype]:
        judge = _judge(path_of(rule.rule), method, answer.status_code)
        for error in judge.iter_errors(answer.get_json()):
            where = ".".join(map(str, error.instance_path))
            yield f"{place}: {where or 'all of it'}: {error.message[:300]}"


def _described(app: Flask) -> dict[str, Any]:
    """Return the document; it is the same for every application."""
    if not _documents:
        _documents.append(document(app, is_closed=True))
    return _documents[0]


def _found(response: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in response:
        return response
    name = response["$ref"].rpartition("/")[2]
    found: dict[str, Any] = _documents[0]["components"]["responses"][name]
    return found


@cache
def _judge(path: str, method: str, status: int) -> jsonschema_rs.Draft202012Validator:
    shown = _documents[0]
    said = shown["paths"][path][method]["responses"][str(status)]
    shape = _found(said)["content"]["application/json"]["schema"]
    return jsonschema_rs.Draft202012Validator(
        {**shape, "components": shown["components"]}, validate_formats=True
    )
