"""What the events of each type carry, as JSON Schema (draft 2020-12).

A type stays what it is: a field may be added with a default, anything else is a new
type, with the next number at its end.
"""

import inspect
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, get_args

import msgspec

from application.errors import NotFoundError
from domain.base import Event
from domain.topics import TOPICS

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


class EventType(msgspec.Struct, frozen=True, kw_only=True):
    """A type of events: whose they are, their name, and which form of it this is."""

    type: str
    aggregate: str
    name: str
    version: int
    meaning: str


def event_types() -> list[EventType]:
    """Return every type in the order of its name."""
    return [_event_type(topic) for topic in sorted(TOPICS)]


@cache
def event_schema(topic: str) -> Mapping[str, Any]:
    """Return the schema of an event's `data`. Raises NotFoundError."""
    if topic not in TOPICS:
        msg = f"there is no event type {topic}"
        raise NotFoundError(msg)
    kind = TOPICS[topic]
    schema = msgspec.json.schema(kind)
    definitions = schema["$defs"]
    own = definitions.pop(schema["$ref"].rpartition("/")[2])
    for name, annotation in _annotations(kind).items():
        if datetime in (annotation, *get_args(annotation)):
            own["properties"][name]["format"] = "date-time"
    return {
        "$schema": _DRAFT,
        **own,
        "title": topic,
        "description": _meaning(kind),
        **({"$defs": definitions} if definitions else {}),
    }


def _event_type(topic: str) -> EventType:
    aggregate, name, *version = topic.split(":")
    return EventType(
        type=topic,
        aggregate=aggregate,
        name=name,
        version=int(version[0]) if version else 1,
        meaning=_meaning(TOPICS[topic]),
    )


def _meaning(kind: type[Event]) -> str:
    own = kind.__dict__.get("__doc__")
    return " ".join(inspect.cleandoc(own).split()) if own else ""


def _annotations(kind: type[Event]) -> Mapping[str, Any]:
    return {field.name: field.type for field in msgspec.structs.fields(kind)}
