"""Every event goes into the log and comes out of it as the same fact."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints
from uuid import UUID, uuid4

import msgspec
import pytest
from eventsourcing.persistence import StoredEvent
from hypothesis import given, settings
from hypothesis import strategies as st

from application.adapters.mapper import TypedMapper
from application.errors import NewerLogError
from domain.topics import TOPICS
from tests.domain import examples

MAPPER = TypedMapper()
# What clients keep with us as JSON.
_JSON = st.recursive(
    st.none() | st.booleans() | st.text() | st.integers(-(1 << 63), (1 << 63) - 1),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=4,
)
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    Any: _JSON,
    date: st.dates(),
    NoneType: st.none(),
    bool: st.booleans(),
    str: st.text(),
    int: st.integers(-(1 << 63), (1 << 63) - 1),
    float: st.floats(allow_nan=False, allow_infinity=False),
    UUID: st.uuids(),
    datetime: st.datetimes(timezones=st.just(UTC)),
}


def values(hint: Any) -> st.SearchStrategy[Any]:
    """All values of a type that an event may carry."""
    if hint in PLAIN:
        return PLAIN[hint]
    arguments = get_args(hint)
    origin = get_origin(hint)
    if origin is UnionType:
        return st.one_of([values(argument) for argument in arguments])
    if origin is tuple:
        return st.lists(values(arguments[0]), max_size=3).map(tuple)
    if origin in {dict, Mapping}:
        return st.dictionaries(*map(values, arguments), max_size=3)
    if issubclass(hint, Enum):
        return st.sampled_from(hint)
    assert issubclass(hint, msgspec.Struct), hint
    hints = get_type_hints(hint)
    return st.builds(hint, **{name: values(hints[name]) for name in names(hint)})


def names(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    return kind.__struct_fields__


@pytest.mark.parametrize("topic", sorted(TOPICS))
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_every_event_comes_back_as_it_was(topic: str, data: st.DataObject) -> None:
    event = data.draw(values(TOPICS[topic])).placed(uuid4(), 7)

    stored = MAPPER.to_stored_event(event)
    again = MAPPER.to_domain_event(stored)

    assert again == event
    assert type(again) is type(event)
    assert again.originator_id == event.originator_id
    assert again.originator_version == event.originator_version
    assert MAPPER.to_stored_event(again) == stored


def stored(topic: str, state: bytes) -> StoredEvent:
    return StoredEvent(
        originator_id=uuid4(), originator_version=1, topic=topic, state=state
    )


def test_an_event_of_a_newer_flashlog_is_refused_with_a_sentence() -> None:
    with pytest.raises(NewerLogError) as refusal:
        MAPPER.to_domain_event(stored("UpgradeOperation:Teleported", b"{}"))

    assert str(refusal.value) == (
        "the log has an event of the unknown kind 'UpgradeOperation:Teleported': it "
        "was written by a newer Flashlog; install that version or a later one"
    )


def test_a_field_that_a_newer_flashlog_added_is_passed_over() -> None:
    event = examples.switch_armed().placed(uuid4(), 1)
    state = MAPPER.to_stored_event(event).state[:-1] + b',"added_later":1}'

    assert MAPPER.to_domain_event(stored(event.TOPIC, state)) == event


def test_an_event_is_plain_json_without_what_is_default() -> None:
    event = examples.started(by=examples.PERSON).placed(uuid4(), 1)

    assert msgspec.json.decode(MAPPER.to_stored_event(event).state) == {
        "device_id": str(examples.DEVICE_ID),
        "image_id": str(examples.IMAGE_ID),
        "at": "2026-01-05T12:00:00Z",
        "by": str(examples.PERSON),
    }
