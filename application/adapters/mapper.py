"""Events to bytes and back: plain JSON under an explicit topic, typed by msgspec."""

from typing import Any, cast
from uuid import UUID

import msgspec
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import JSONTranscoder, Mapper, StoredEvent

from application.errors import NewerLogError
from domain.base import Event
from domain.topics import TOPICS, UPCASTS, current_form

_encoder = msgspec.json.Encoder()
_decoders = {topic: msgspec.json.Decoder(event) for topic, event in TOPICS.items()}


class TypedMapper(Mapper[UUID]):
    """Five times as fast as the library's own, and the bytes are plain JSON."""

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        super().__init__(JSONTranscoder())

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        event = cast("Event", domain_event)
        return StoredEvent(
            originator_id=event.originator_id,
            originator_version=event.originator_version,
            topic=event.TOPIC,
            state=_encoder.encode(event),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Event:
        topic, state = stored_event.topic, stored_event.state
        if topic in UPCASTS:
            topic, state = current_form(topic, state)
        try:
            decoder = _decoders[topic]
        except KeyError:
            msg = (
                f"the log has an event of the unknown kind {topic!r}: it was written "
                "by a newer Flashlog; install that version or a later one"
            )
            raise NewerLogError(msg) from None
        event = decoder.decode(state)
        return event.placed(
            cast("UUID", stored_event.originator_id), stored_event.originator_version
        )
