"""The shapes of bodies and answers: JSON Schemas made from marshmallow's."""

import inspect
from typing import Any, cast

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import Schema, fields

from web.api.described import NOT_ALWAYS
from web.api.fields import Body, Text

OPENAPI = "3.1.0"
_PLACE = "#/components/schemas/"
(_NOT_ALWAYS,) = NOT_ALWAYS


class Shapes:
    """Gives each schema a name, and a place among the components of the document.

    What is answered has all its keys, and more may come with a later version; with
    `is_closed` it may not, so that tests find keys that nobody described.
    """

    def __init__(self, *, is_closed: bool) -> None:
        self._is_closed = is_closed
        self._known: dict[str, type[Schema]] = {}
        plugin = MarshmallowPlugin(schema_name_resolver=self._name)
        self._spec = APISpec("", "", OPENAPI, plugins=[plugin])
        # Made by the document, which the plugin has met by now.
        self._converter = cast("Any", plugin.converter)
        self._converter.add_attribute_function(_no_blanks)

    def reference(
        self, schema: type[Schema], *, is_partial: bool = False
    ) -> dict[str, Any]:
        """Return what refers to the shape of a schema."""
        shape = schema(partial=True) if is_partial else schema()
        found: dict[str, Any] = self._converter.resolve_nested_schema(shape)
        return found

    def page_of(self, schema: type[Schema] | None) -> dict[str, Any]:
        """Return the shape of one page of a list."""
        rows = self.reference(schema) if schema else {"type": "object"}
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["count", "next", "previous", "results"],
            "properties": {
                "count": {"type": "integer", "description": "rows on all pages"},
                "next": link | {"description": "URL of the page after this one"},
                "previous": link | {"description": "URL of the page before this one"},
                "results": {"type": "array", "items": rows},
            },
        }

    def all(self) -> dict[str, Any]:
        """Return every shape that something referred to, by its name."""
        shapes: dict[str, Any] = self._spec.components.schemas
        for name, shape in shapes.items():
            kind = self._known[name]
            if said := vars(kind).get("__doc__"):
                shape["description"] = inspect.cleandoc(said)
            if issubclass(kind, Body):
                continue
            shape["required"] = _always(shape["properties"])
            if not self._is_closed:
                shape.pop("additionalProperties", None)
        return dict(sorted(shapes.items()))

    def _name(self, schema: type[Schema] | Schema) -> str:
        kind = schema if isinstance(schema, type) else type(schema)
        is_partial = isinstance(schema, Schema) and bool(schema.partial)
        name = kind.__name__.lstrip("_").removesuffix("Shown")
        name += "Change" if is_partial else ""
        if self._known.get(name, kind) is not kind:
            name = _in_words(kind.__module__.rpartition(".")[2]) + name
        self._known[name] = kind
        return name


def _always(properties: dict[str, dict[str, Any]]) -> list[str]:
    return sorted(
        name for name, each in properties.items() if not each.pop(_NOT_ALWAYS, False)
    )


def name_of(reference: dict[str, Any]) -> str:
    """Return the name of the shape that is referred to, or nothing."""
    return str(reference.get("$ref", "")).removeprefix(_PLACE)


def _in_words(module: str) -> str:
    return "".join(word.capitalize() for word in module.split("_"))


def _no_blanks(
    self: OpenAPIConverter, field: fields.Field[Any], ret: dict[str, Any]
) -> dict[str, Any]:
    if isinstance(field, Text) and not field.blank and "enum" not in ret:
        return {"minLength": 1, "pattern": r"\S"}
    return {}
