"""The interface as an OpenAPI document, made from the routes and their handlers."""

from collections import Counter
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from flask import Flask

from web.api.described import Handler
from web.api.resource import Resource
from web.api.schema import refusals
from web.api.schema.operations import Tag, operation, path_of, path_parameters
from web.api.schema.shapes import OPENAPI, Shapes

_ABOUT = """Firmware upgrades for fleets of OpenWrt routers.

Clients of OpenWISP Firmware Upgrader work with this interface: change URL and token.

Send `Authorization: Bearer <token>`; a user name and a password give the token. Bodies
may be JSON or forms. Keys that are not known are ignored, and answers may have more
keys with a later version. Times are RFC 3339 in UTC. Every path ends with a slash. Add
`Idempotency-Key` where it is described, and a request that may or may not have arrived
can be sent again without being done twice."""

# What people come for first.
_PARTS = ("firmware_upgrader", "controller", "users", "schema")
_SECURITY = {
    "token": {"type": "http", "scheme": "bearer"},
    "session": {"type": "apiKey", "in": "cookie", "name": "sessionid"},
    "csrf": {
        "type": "apiKey",
        "in": "header",
        "name": "X-CSRFToken",
        "description": "The value of the cookie `csrftoken`, with a session only.",
    },
}


def document(app: Flask, *, is_closed: bool = False) -> dict[str, Any]:
    """Describe every resource of an application; `is_closed` as for `Shapes`."""
    shapes = Shapes(is_closed=is_closed)
    paths: dict[str, Any] = {}
    tags: dict[Tag, list[dict[str, Any]]] = {}
    for rule, resource in sorted(resources(app), key=lambda each: each[0]):
        item = paths.setdefault(path_of(rule), {})
        if parameters := path_parameters(rule):
            item["parameters"] = parameters
        for method, handler in resource.handlers.items():
            shown = operation(resource, method, handler, shapes)
            item[method.lower()] = shown
            tags.setdefault(Tag(handler.__module__), []).append(shown)
    return {
        "openapi": OPENAPI,
        "info": {
            "title": "Flashlog",
            "version": _version(),
            "description": _ABOUT,
            "license": {"name": "BSD-3-Clause", "identifier": "BSD-3-Clause"},
        },
        "servers": [{"url": "/"}],
        "tags": _tagged(tags),
        "paths": paths,
        "components": {
            "schemas": shapes.all() | refusals.SHAPES,
            "responses": refusals.components(),
            "securitySchemes": _SECURITY,
        },
    }


def resources(app: Flask) -> Iterator[tuple[str, Resource]]:
    """Return every resource with its rule."""
    for rule in app.url_map.iter_rules():
        resource = getattr(app.view_functions[rule.endpoint], "__self__", None)
        if isinstance(resource, Resource):
            yield rule.rule, resource


def handlers(app: Flask) -> dict[str, Handler]:
    """Return every handler by method and rule."""
    return {
        f"{method} {rule}": handler
        for rule, resource in resources(app)
        for method, handler in resource.handlers.items()
    }


def _tagged(tags: dict[Tag, list[dict[str, Any]]]) -> list[dict[str, str]]:
    """Put each operation under the name of its module, which tells it from others."""
    seen = Counter(tag.name for tag in tags)
    shown = []
    for tag in sorted(tags, key=_place):
        name = tag.name if seen[tag.name] == 1 else tag.longer_name
        shown.append({"name": name, "description": tag.meaning})
        for each in tags[tag]:
            each["tags"] = [name]
    return shown


def _place(tag: Tag) -> tuple[int, str]:
    known = tag.part in _PARTS
    return _PARTS.index(tag.part) if known else len(_PARTS), tag.name


def _version() -> str:
    try:
        return version("flashlog")
    except PackageNotFoundError:
        return "0"
