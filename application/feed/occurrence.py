"""An event of the log as it is told to those outside: in CloudEvents 1.0 JSON.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

import msgspec

from application.log import Entry
from application.projections.rows import moment
from application.queries.belonging import Belonging
from domain.topics import TOPICS


class Occurrence:
    """An event with its place in the log and whose it is; encoded at most once."""

    def __init__(self, entry: Entry, belonging: Belonging, *, source: str) -> None:
        self.entry = entry
        self.belonging = belonging
        self._source = source

    @property
    def position(self) -> int:
        return self.entry.position

    @property
    def topic(self) -> str:
        return self.entry.event.TOPIC

    @cached_property
    def encoded(self) -> bytes:
        return cloud_event(self.entry, source=self._source)


def source_of(installation: UUID) -> str:
    """Return what tells the events of one installation from another's."""
    return f"urn:uuid:{installation}"


def entry_of(told: Mapping[str, Any], *, version: int) -> Entry | None:
    """Read a CloudEvent back; None for one of a type that this version does not know.

    `version` is its place in the story of its subject, which it does not carry.
    """
    kind = TOPICS.get(told["type"])
    if kind is None:
        return None
    event = msgspec.convert(told["data"], kind)
    return Entry(
        position=told["position"],
        recorded_at=datetime.fromisoformat(told["time"]),
        event=event.placed(UUID(told["subject"]), version),
    )


def cloud_event(entry: Entry, *, source: str) -> bytes:
    """Encode an event; `data` has all of its fields, also those with their default.

    `id` is unique within the source. `position` is our own attribute: it counts up by
    one through the whole log, so a reader may see that it skips but not that it
    repeats or goes back.
    """
    event = entry.event
    return msgspec.json.encode(
        {
            "specversion": "1.0",
            "id": str(entry.position),
            "source": source,
            "type": event.TOPIC,
            "subject": str(event.originator_id),
            "time": moment(entry.recorded_at),
            "datacontenttype": "application/json",
            "position": entry.position,
            "data": {name: getattr(event, name) for name in event.__struct_fields__},
        }
    )
