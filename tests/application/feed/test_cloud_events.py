"""Every kind of event leaves the house as CloudEvents 1.0 wants it."""

import re
from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from application.feed.occurrence import cloud_event, source_of
from application.log import Entry
from domain.topics import TOPICS
from tests.golden.test_golden_log import MAPPER, NEWEST, stored_in

SOURCE = source_of(UUID(int=1))
NOW = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
_TEXTS = ("id", "source", "specversion", "type", "subject", "datacontenttype", "time")
# Of the whole seconds and of parts of them (RFC 3339 section 5.6).
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def test_each_has_the_attributes_that_the_standard_asks_for() -> None:
    events = list(map(MAPPER.to_domain_event, stored_in(NEWEST)))
    assert {event.TOPIC for event in events} == set(TOPICS)
    for position, event in enumerate(events, 1):
        entry = Entry(position=position, recorded_at=NOW, event=event)
        said = msgspec.json.decode(cloud_event(entry, source=SOURCE))
        # Section "Attribute Naming Convention": lower case letters and digits.
        assert all(re.fullmatch("[a-z0-9]{1,20}", name) for name in said)
        assert all(isinstance(said[name], str) and said[name] for name in _TEXTS)
        assert said["specversion"] == "1.0"
        assert urlsplit(said["source"]).scheme == "urn"
        assert _TIME.fullmatch(said["time"])
        assert type(said["position"]) is int
        assert isinstance(said["data"], dict)
