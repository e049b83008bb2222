"""Every event by its name in the log, and how stories told in old words are read."""

from collections.abc import Callable, Iterator, Mapping

# Importing the modules is what fills the family tree of Event.
import domain.batch.batch
import domain.catalogue
import domain.credentials
import domain.device.device
import domain.device_group
import domain.group
import domain.idempotency
import domain.known_host
import domain.location
import domain.operation.operation
import domain.organization
import domain.recordings
import domain.reservation
import domain.user  # noqa: F401
from domain.base import Event

# An old topic → the function that makes the current topic and state of its bytes.
Upcast = Callable[[bytes], tuple[str, bytes]]
UPCASTS: Mapping[str, Upcast] = {}


def _family(event_class: type[Event]) -> Iterator[type[Event]]:
    for child in event_class.__subclasses__():
        if "TOPIC" in child.__dict__:
            yield child
        yield from _family(child)


TOPICS: Mapping[str, type[Event]] = {event.TOPIC: event for event in _family(Event)}
