"""Any event in a line, with the name of what it happened to."""

import re
from collections.abc import Iterable, Mapping
from uuid import UUID

import msgspec

from application.flashlog import Flashlog
from application.procedure.story import line_of
from application.projections.views import Views
from application.queries.history import line_of_device
from application.queries.people import name_of
from domain.base import Event

# What tells most of an event that has no words of its own, in this order.
_TELLING = ("name", "version", "file_name", "slug", "reason", "cause")
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NAMES = """
SELECT asked.value AS id, coalesce(
  device.name, organization.name, category.name, build.version, image.file_name,
  device_group.name, location.name, credentials.name,
  (SELECT name FROM device_owner WHERE device_owner.id =
    coalesce(operation.device_id, asked.value)),
  (SELECT version FROM build AS built WHERE built.id = batch.build_id), '') AS name
FROM json_each(?) AS asked
LEFT JOIN device ON device.id = asked.value
LEFT JOIN organization ON organization.id = asked.value
LEFT JOIN category ON category.id = asked.value
LEFT JOIN build ON build.id = asked.value
LEFT JOIN image ON image.id = asked.value
LEFT JOIN device_group ON device_group.id = asked.value
LEFT JOIN location ON location.id = asked.value
LEFT JOIN credentials ON credentials.id = asked.value
LEFT JOIN operation ON operation.id = asked.value
LEFT JOIN batch ON batch.id = asked.value
"""


def told(event: Event) -> str:
    """Tell an event in a line, in its own words or those of its name."""
    line = line_of(event) or line_of_device(event)
    if line:
        return line[0].upper() + line[1:]
    said = (getattr(event, name, None) for name in _TELLING)
    what = next((str(each) for each in said if each), "")
    words = in_words(type(event).__name__)
    return f"{words}: {what}" if what else words


def in_words(name: str) -> str:
    """Write `FlashBegun` as `Flash begun`."""
    first, *others = _WORD.split(name)
    return " ".join([first, *(word.lower() for word in others)])


def names_of(views: Views, ids: Iterable[str]) -> Mapping[str, str]:
    """Return what things are called; an operation is called by its device.

    What was deleted has no name left, a device excepted.
    """
    asked = msgspec.json.encode(sorted(set(ids))).decode()
    return {row["id"]: row["name"] for row in views.rows(_NAMES, (asked,))}


def teller(flashlog: Flashlog, event: Event) -> str:
    """Return the name of the person who did it; blank where it was Flashlog itself."""
    by = getattr(event, "by", None)
    return name_of(flashlog, by) if isinstance(by, UUID) else ""
