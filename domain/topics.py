"""Every event by its name in the log, and how stories told in old words are read."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

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


class Upcast(NamedTuple):
    """How an old kind of event is read: `told` makes topic and state of its bytes.

    The topics that it may make are `becomes`: those of today, or old ones in turn.
    """

    becomes: tuple[str, ...]
    told: Callable[[bytes], tuple[str, bytes]]


# By the old topic. It stays for ever: logs go on to have what they have.
UPCASTS: dict[str, Upcast] = {}


def current_form(topic: str, state: bytes) -> tuple[str, bytes]:
    """Return topic and state of an event as they would be stored today."""
    while (upcast := UPCASTS.get(topic)) is not None:
        topic, state = upcast.told(state)
    return topic, state


def stored_as(topics: Iterable[str]) -> tuple[str, ...]:
    """Return these topics and all under which the same may have been stored before."""
    known = list(dict.fromkeys(topics))
    # What is found is looked for in turn.
    for topic in known:
        known += (
            old
            for old, upcast in UPCASTS.items()
            if topic in upcast.becomes and old not in known
        )
    return tuple(known)


def _family(event_class: type[Event]) -> Iterator[type[Event]]:
    for child in event_class.__subclasses__():
        if "TOPIC" in child.__dict__:
            yield child
        yield from _family(child)


TOPICS: Mapping[str, type[Event]] = {event.TOPIC: event for event in _family(Event)}
