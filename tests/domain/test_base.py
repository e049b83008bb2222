"""What holds for every event and every aggregate."""

from typing import get_type_hints

import pytest

from domain.base import Aggregate, Event, rebuild
from domain.topics import TOPICS
from tests.domain import examples
from tests.golden import stories


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_every_event_has_a_topic_of_its_own_that_names_its_aggregate(
    topic: str,
) -> None:
    event = TOPICS[topic]
    name, _, fact = topic.partition(":")

    assert event.AGGREGATE.__name__ == name
    assert event.__name__.endswith(fact)


def test_no_two_events_share_a_topic() -> None:
    def family(kind: type[Event]) -> list[type[Event]]:
        children = kind.__subclasses__()
        return [*children, *(each for child in children for each in family(child))]

    told = [each for each in family(Event) if "TOPIC" in each.__dict__]

    assert len({each.TOPIC for each in told}) == len(told) == len(TOPICS)


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_an_event_cannot_be_changed_and_holds_nothing_that_can(topic: str) -> None:
    event = TOPICS[topic]

    assert event.__struct_config__.frozen
    for hint in get_type_hints(event).values():
        assert not str(hint).startswith("list")


def test_every_story_tells_the_same_aggregate_again() -> None:
    for aggregate in stories.all_stories():
        again = rebuild(None, aggregate.collect_events())

        assert again is not None
        assert type(again) is type(aggregate)
        assert examples.state_of(again) == examples.state_of(aggregate)


def test_a_story_goes_on_from_where_it_was() -> None:
    operation = examples.queued()
    before = rebuild(None, operation.collect_events())
    operation.begin_visit("runner-1")

    after = rebuild(before, operation.collect_events())

    assert after is before
    assert after
    assert examples.state_of(after) == examples.state_of(operation)


def test_no_story_is_nobody() -> None:
    assert rebuild(None, []) is None


def test_what_was_recorded_is_handed_over_once_and_in_order() -> None:
    operation = examples.visiting()

    versions = [event.originator_version for event in operation.collect_events()]

    assert versions == [1, 2, 3]
    assert operation.version == 3
    assert operation.collect_events() == []


def test_an_aggregate_without_a_story_is_at_version_zero() -> None:
    assert Aggregate(examples.OPERATION_ID).version == 0
