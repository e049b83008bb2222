"""One method of one URL, as the document describes it."""

import inspect
import re
import sys
from http import HTTPStatus
from typing import Any

import msgspec

from web.api.described import Description, Handler, Parameter, description_of
from web.api.negotiation import PARSED
from web.api.resource import OpenResource, Resource
from web.api.schema.refusals import JSON, reference
from web.api.schema.shapes import Shapes

_VARIABLE = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>")
_KINDS = {"uuid": {"type": "string", "format": "uuid"}, "int": {"type": "integer"}}
_BODILESS = {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}
_UPLOADED = [kind for kind in PARSED if kind.startswith("multipart/")]
_PAGING = (
    Parameter(name="page", meaning="which page, from 1 on, or `last`"),
    Parameter(name="page_size", meaning="rows of a page, 100 at most", kind="integer"),
)
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": (
        "A text of your own, such as a UUID. The same request with the same key is "
        "done once, however often it is sent, and answered alike each time."
    ),
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}


class Tag(msgspec.Struct, frozen=True):
    """What a module's handlers are about: its name and docstring."""

    module: str

    @property
    def name(self) -> str:
        return self.module.rpartition(".")[2].replace("_", " ").capitalize()

    @property
    def longer_name(self) -> str:
        return f"{self.name} ({self.part.replace('_', ' ')})"

    @property
    def part(self) -> str:
        """The part of the interface, a package of `web.api`."""
        return self.module.split(".")[2]

    @property
    def meaning(self) -> str:
        return inspect.getdoc(sys.modules[self.module]) or ""


def path_of(rule: str) -> str:
    """Return a rule of Flask as a path of OpenAPI."""
    return _VARIABLE.sub(r"{\2}", rule)


def path_parameters(rule: str) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": f"which {name.removesuffix('_id').replace('_', ' ')}",
            "schema": _KINDS.get(kind, {"type": "string"}),
        }
        for kind, name in _VARIABLE.findall(rule)
    ]


def operation(
    resource: Resource, method: str, handler: Handler, shapes: Shapes
) -> dict[str, Any]:
    """Describe a method; its tag is added by the document, which knows them all."""
    said = description_of(handler)
    summary, _, rest = (inspect.getdoc(handler) or "").partition("\n")
    words = [rest.strip(), _needs(resource, method)]
    shown: dict[str, Any] = {
        "operationId": f"{method.lower()}_{resource.name}".replace("-", "_"),
        "summary": summary,
        "description": "\n\n".join(filter(None, words)),
        "parameters": _parameters(said),
        "responses": _good(said, shapes) | _bad(resource, method, said),
        "security": _security(resource, method),
    }
    if said.body is not None:
        body = shapes.reference(said.body, is_partial=said.is_partial)
        kinds = _UPLOADED if said.is_upload else PARSED
        shown["requestBody"] = {
            "required": not said.is_partial,
            "content": {kind: {"schema": body} for kind in kinds},
        }
    return {key: value for key, value in shown.items() if value or key == "security"}


def _needs(resource: Resource, method: str) -> str:
    if isinstance(resource, OpenResource):
        return ""
    groups = [
        " or ".join(f"`{each}`" for each in some) for some in resource.needed(method)
    ]
    return f"Needs the permission {' and '.join(groups)}."


def _parameters(said: Description) -> list[dict[str, Any]]:
    paging = _PAGING if said.is_list else ()
    own = [_parameter(each) for each in (*said.query, *paging)]
    return own + ([_IDEMPOTENCY_KEY] if said.is_idempotent else [])


def _parameter(parameter: Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": parameter.kind}
    if parameter.format:
        schema["format"] = parameter.format
    if parameter.choices:
        schema["enum"] = list(parameter.choices)
    return {
        "name": parameter.name,
        "in": "query",
        "required": False,
        "description": parameter.meaning,
        "schema": schema,
    }


def _good(said: Description, shapes: Shapes) -> dict[str, Any]:
    found = {}
    for status, schema in said.answers.items():
        answer: dict[str, Any] = {"description": status.phrase}
        if said.is_list:
            answer["content"] = {JSON: {"schema": shapes.page_of(schema)}}
        elif schema is not None:
            answer["content"] = {said.media_type: {"schema": shapes.reference(schema)}}
        elif status not in _BODILESS:
            answer["content"] = {said.media_type: {}}
        for media_type in said.also_as:
            answer["content"][media_type] = {"schema": {"type": "string"}}
        found[str(status.value)] = answer
    return found


def _bad(resource: Resource, method: str, said: Description) -> dict[str, Any]:
    statuses = {
        HTTPStatus.BAD_REQUEST,  # also for `as_of` where there is no past
        HTTPStatus.NOT_FOUND,
        HTTPStatus.NOT_ACCEPTABLE,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.SERVICE_UNAVAILABLE,
        *said.refusals,
    }
    if not isinstance(resource, OpenResource):
        statuses |= {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
    if said.body is not None:
        statuses |= {
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        }
    if said.is_idempotent:
        statuses |= {HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}
    if method != "GET":
        statuses.add(HTTPStatus.INSUFFICIENT_STORAGE)
    return {str(status.value): reference(status) for status in sorted(statuses)}


def _security(resource: Resource, method: str) -> list[dict[str, list[str]]]:
    if isinstance(resource, OpenResource):
        return []
    session: dict[str, list[str]] = {"session": []}
    return [{"token": []}, session if method == "GET" else session | {"csrf": []}]
