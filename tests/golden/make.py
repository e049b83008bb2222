"""Write a golden log, once a version: `python -m tests.golden.make v0_1`.

Those of released versions are never written again: they prove that what was stored
then is still understood.
"""

import sys
from pathlib import Path

import msgspec

from application.adapters.mapper import TypedMapper
from tests.golden.stories import all_stories


class Line(msgspec.Struct, frozen=True):
    """A stored event, its bytes as text."""

    originator_id: str
    originator_version: int
    topic: str
    state: str


def path_of(version: str) -> Path:
    return Path(__file__).with_name(f"{version}.jsonl")


def lines() -> list[Line]:
    mapper = TypedMapper()
    stored = [
        mapper.to_stored_event(event)
        for aggregate in all_stories()
        for event in aggregate.collect_events()
    ]
    return [
        Line(
            str(event.originator_id),
            event.originator_version,
            event.topic,
            event.state.decode(),
        )
        for event in stored
    ]


if __name__ == "__main__":
    with path_of(sys.argv[1]).open("x") as file:
        file.writelines(msgspec.json.encode(line).decode() + "\n" for line in lines())
