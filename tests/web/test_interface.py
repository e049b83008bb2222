"""Whatever is sent, the interface answers with what its description says.

Schemathesis makes requests from the document, good ones and bad ones, and judges the
answers by it. Ids are mostly those of real things: otherwise nearly every answer
would be that there is no such thing.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from typing import Any, TypeAlias
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from application.flashlog import Flashlog
from tests.web import populated
from tests.web.conftest import token_for
from tests.web.examples import NOBODY
from tests.web.people import Caller
from tests.web.populated import Known
from web.api.schema.document import document
from web.app import create_app

Operation: TypeAlias = APIOperation[Any, Any, Any, Any]

VARIABLE = re.compile(r"\{\w+\}")
CHECKS: list[CheckFunction] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# Several tests share the work, so that they may run at the same time.
SHARES = 4
# Who deletes things first has nothing to look at afterwards.
ORDER = ("get", "post", "put", "patch", "delete")
LENGTH_MAX = 300
QUICK = settings(
    max_examples=5,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def app(flashlog: Flashlog) -> Flask:
    return create_app(flashlog)


def whole(app: Flask) -> WSGIApplication:
    """Answer in one piece: schemathesis closes no file that is being sent."""

    def answer(
        environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        with closing(app(environ, start_response)) as pieces:  # type: ignore[type-var]
            return [b"".join(pieces)]

    return answer


def operations(app: Flask) -> Iterator[Operation]:
    schema = schemathesis.openapi.from_dict(shortened(document(app, is_closed=True)))
    schema.app = whole(app)
    found = [each.ok() for each in schema.get_all_operations() if isinstance(each, Ok)]
    yield from sorted(found, key=lambda each: ORDER.index(each.method))


def shortened(described: Any) -> Any:
    """Let texts be short: a generator makes a slow pattern of a long limit."""
    if isinstance(described, list):
        return [shortened(each) for each in described]
    if not isinstance(described, dict):
        return described
    found = {name: shortened(each) for name, each in described.items()}
    if isinstance(length := found.get("maxLength"), int):
        found["maxLength"] = min(length, LENGTH_MAX)
    return found


@pytest.mark.parametrize("share", range(SHARES))
def test_whatever_a_superuser_sends_is_answered_as_described(
    app: Flask, flashlog: Flashlog, share: int
) -> None:
    token = token_for(flashlog, "admin", is_superuser=True)
    populated.fill(flashlog, Caller(app.test_client(), token))
    known = populated.ids(flashlog)
    headers = {"Authorization": f"Bearer {token}"}
    wrong = []
    for operation in list(operations(app))[share::SHARES]:
        try:
            ask(operation, headers, known)
        except FailureGroup as failures:
            wrong += [
                f"{operation.label}: {told(each)}" for each in failures.exceptions
            ]
    assert wrong == [], "\n".join(wrong)


def told(failure: Exception) -> str:
    """Say the first lines of a failure; all of it would fill pages."""
    lines = [line.strip() for line in str(failure).splitlines() if line.strip()]
    return " / ".join(lines[:3])


def ask(operation: Operation, headers: dict[str, str], known: Known) -> None:
    """Send good and bad requests for one operation. Raises FailureGroup."""

    def send_some(mode: GenerationMode) -> None:
        @QUICK
        @given(case=operation.as_strategy(generation_mode=mode), data=st.data())
        def send(case: Case[Any], data: st.DataObject) -> None:
            mention(case.path_parameters, known, data)
            mention(case.query, known, data)
            if isinstance(case.body, dict):
                mention(case.body, known, data)
            if data.draw(st.booleans()):
                case.query.pop("page", None)
            case.call_and_validate(headers=headers, checks=CHECKS)

        send()

    send_some(GenerationMode.POSITIVE)
    # About a request that carries nothing, nothing can be wrong.
    with suppress(Unsatisfiable):
        send_some(GenerationMode.NEGATIVE)


def mention(said: Any, known: Known, data: st.DataObject) -> None:
    """Put ids of things that there are where ids are said, most of the time."""
    for name in said:
        real = known.get(name.removesuffix("_id"))
        if real and data.draw(st.integers(0, 3)):
            said[name] = data.draw(st.sampled_from(real))


def test_nobody_is_answered_without_a_token(app: Flask) -> None:
    client = app.test_client()
    for operation in operations(app):
        path = operation.path.replace("users/group/{group_id}", "users/group/1")
        path = path.replace("recordings/{number}", "recordings/1")
        path = VARIABLE.sub(str(NOBODY), path)
        answer = client.open(path, method=operation.method.upper(), json={})
        is_open = operation.definition.raw["security"] == []
        assert (answer.status_code != 401) == is_open, operation.label
