"""The document as a page for people: groups of operations, and the shapes they name."""

from functools import cached_property
from http import HTTPStatus
from typing import Any

import msgspec

from web.api.schema.shapes import name_of

_WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "object",
    "array": "list",
}
_FORMATS = {
    "uuid": "UUID",
    "date-time": "date and time",
    "uri": "URL",
    "url": "URL",
    "binary": "file",
}
_LIMITS = {
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "minItems": "at least {} of them",
    "maxItems": "at most {} of them",
    "default": "{} when not given",
}


class Kind(msgspec.Struct, frozen=True):
    """What a value is: words, and the shape that they end in, if it has a name."""

    words: str
    shape: str = ""


class Field(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    kind: Kind
    place: str = ""
    is_required: bool
    meaning: str


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    status: str
    phrase: str
    meaning: str
    kinds: list[Kind]


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """One operation."""

    anchor: str
    method: str
    path: str
    summary: str
    paragraphs: list[str]
    parameters: list[Field]
    body: list[Field]
    forms: list[str]
    answers: list[Answer]
    refusals: list[Answer]


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """What belongs together."""

    anchor: str
    name: str
    paragraphs: list[str]
    operations: list[Shown]


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    meaning: str
    fields: list[Field]


class Page:
    """Reads the document, so that page and document cannot differ."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._components = document["components"]
        self.title = document["info"]["title"]
        self.version = document["info"]["version"]
        self.paragraphs = _paragraphs(document["info"]["description"])

    @cached_property
    def groups(self) -> list[Group]:
        return [
            Group(
                anchor=_anchor(tag["name"]),
                name=tag["name"],
                paragraphs=_paragraphs(tag["description"]),
                operations=list(self._operations(tag["name"])),
            )
            for tag in self._document["tags"]
        ]

    @cached_property
    def shapes(self) -> list[Shape]:
        return [
            Shape(
                name=name,
                meaning=shape.get("description", ""),
                fields=self._fields(shape),
            )
            for name, shape in self._components["schemas"].items()
        ]

    def _operations(self, tag: str) -> list[Shown]:
        return [
            self._operation(path, method, item[method], item.get("parameters", []))
            for path, item in self._document["paths"].items()
            for method in item
            if method != "parameters" and tag in item[method]["tags"]
        ]

    def _operation(
        self,
        path: str,
        method: str,
        said: dict[str, Any],
        of_path: list[dict[str, Any]],
    ) -> Shown:
        content: dict[str, Any] = said.get("requestBody", {}).get("content", {})
        (body, *_) = [form["schema"] for form in content.values()] or [{}]
        answers = [self._answer(*each) for each in said["responses"].items()]
        return Shown(
            anchor=said["operationId"],
            method=method.upper(),
            path=path,
            summary=said["summary"],
            paragraphs=_paragraphs(said.get("description", "")),
            parameters=[
                _field(each["name"], each["schema"] | each, each["required"])
                for each in [*of_path, *said.get("parameters", [])]
            ],
            body=self._fields(self._resolved(body)),
            forms=list(content),
            answers=[each for each in answers if each.status < "300"],
            refusals=[each for each in answers if each.status >= "300"],
        )

    def _answer(self, status: str, said: dict[str, Any]) -> Answer:
        response = self._component(said, "responses")
        schemas = [
            form.get("schema", {}) for form in response.get("content", {}).values()
        ]
        return Answer(
            status=status,
            phrase=HTTPStatus(int(status)).phrase,
            meaning=response["description"],
            kinds=[_page_kind(each) or _kind(each) for each in schemas[:1]],
        )

    def _fields(self, shape: dict[str, Any]) -> list[Field]:
        required = shape.get("required", [])
        return [
            _field(name, schema, name in required)
            for name, schema in shape.get("properties", {}).items()
        ]

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        return self._component(schema, "schemas")

    def _component(self, said: dict[str, Any], kind: str) -> dict[str, Any]:
        if "$ref" not in said:
            return said
        found: dict[str, Any] = self._components[kind][said["$ref"].rpartition("/")[2]]
        return found


def _field(name: str, schema: dict[str, Any], is_required: bool) -> Field:  # noqa: FBT001 - a column of the table
    choices = [f"`{each}`" for each in schema.get("enum", ()) if each is not None]
    limits = [
        text.format(schema[key]) for key, text in _LIMITS.items() if key in schema
    ]
    words = [
        schema.get("description", ""),
        f"one of {', '.join(choices)}" if choices else "",
        *limits,
    ]
    return Field(
        name=name,
        kind=_kind(schema),
        place=schema.get("in", ""),
        is_required=is_required,
        meaning="; ".join(filter(None, words)),
    )


def _kind(schema: dict[str, Any]) -> Kind:
    if name := name_of(schema):
        return Kind("", name)
    if "anyOf" in schema:
        return _either(schema["anyOf"])
    given = schema.get("type", "")
    types = given if isinstance(given, list) else [given]
    (first, *_) = [each for each in types if each != "null"] or [""]
    or_null = " or null" if "null" in types else ""
    if first == "array":
        items = _kind(schema.get("items", {}))
        return Kind(f"list of {items.words}{or_null}", items.shape)
    words = _FORMATS.get(schema.get("format", "")) or _WORDS.get(first, "anything")
    return Kind(f"{words}{or_null}")


def _either(schemas: list[dict[str, Any]]) -> Kind:
    """Say the first of several, and whether there may be nothing."""
    kinds = [_kind(each) for each in schemas if each != {"type": "null"}]
    or_null = "null or " if {"type": "null"} in schemas else ""
    return Kind(f"{or_null}{kinds[0].words}", kinds[0].shape)


def _page_kind(schema: dict[str, Any]) -> Kind | None:
    rows = schema.get("properties", {}).get("results")
    return Kind("page of ", _kind(rows["items"]).shape) if rows else None


def _paragraphs(text: str) -> list[str]:
    return [" ".join(each.split()) for each in text.split("\n\n") if each.strip()]


def _anchor(name: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in name.lower()).split())
