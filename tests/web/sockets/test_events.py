"""The event feed: all after a position, then what happens, for who may see it."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from application.flashlog import Flashlog
from application.log import Entry
from domain.operation import events
from tests.web import examples
from tests.web.serving import Service, Socket
from tests.web.sockets import fleet
from tests.web.sockets.conftest import ON_BOTH, refused

pytestmark = [pytest.mark.process, ON_BOTH]


@pytest.fixture(scope="module")
def overrides() -> dict[str, Any]:
    return {"feed_position_seconds": 0.1, "websocket_recheck_seconds": 30}


@pytest.fixture(scope="module")
def mine(here: Flashlog) -> UUID:
    return examples.organization(here, "mine")


@pytest.fixture(scope="module")
def theirs(here: Flashlog) -> UUID:
    return examples.organization(here, "theirs")


def until_caught_up(feed: Socket) -> Iterator[dict[str, Any]]:
    """Every event up to `caught_up`, which has to come."""
    while (message := feed.receive())["type"] != "caught_up":
        if "specversion" in message:
            yield message


def next_event(feed: Socket) -> dict[str, Any]:
    while "specversion" not in (message := feed.receive()):
        assert message["type"] == "position"
    return message


def positions(told: Any) -> list[int]:
    return [event["position"] for event in told]


def all_entries(here: Flashlog) -> list[Entry]:
    return here.log.read(after=0, limit=100_000)


# --- what is told --------------------------------------------------------------


def test_a_superuser_is_told_the_whole_log_in_its_order(
    service: Service, here: Flashlog, key: str
) -> None:
    examples.operation(here)
    entries = all_entries(here)
    with service.follow("after=0", key) as feed:
        told = list(until_caught_up(feed))
    assert positions(told)[: len(entries)] == [entry.position for entry in entries]


def test_an_event_is_a_cloud_event(service: Service, here: Flashlog, key: str) -> None:
    end = here.log.end()
    operation_id = examples.operation(here)
    here.show(examples.note(here, operation_id, *examples.connected()))
    entries = here.log.read(after=end, limit=100)
    with service.follow(f"after={end}", key) as feed:
        told = list(until_caught_up(feed))
    for event, entry in zip(told, entries, strict=True):
        assert event["specversion"] == "1.0"
        assert event["id"] == str(entry.position)
        assert event["position"] == entry.position
        assert event["source"] == f"urn:uuid:{here.installation}"
        assert event["type"] == entry.event.TOPIC
        assert event["subject"] == str(entry.event.originator_id)
        assert event["datacontenttype"] == "application/json"
        at = msgspec.convert(event["time"], type(entry.recorded_at))
        assert at == entry.recorded_at
        fields = {
            name: getattr(entry.event, name) for name in entry.event.__struct_fields__
        }
        assert event["data"] == msgspec.json.decode(msgspec.json.encode(fields))


def test_after_catching_up_it_is_told_what_happens(
    service: Service, here: Flashlog, key: str
) -> None:
    operation_id = examples.operation(here)
    with service.follow("after=end", key) as feed:
        assert list(until_caught_up(feed)) == []
        end = here.log.end()
        examples.note(here, operation_id, *examples.connected())
        told = [next_event(feed) for _ in examples.connected()]
    assert positions(told) == [end + 1, end + 2, end + 3]
    assert told[-1]["type"] == "UpgradeOperation:Connected"


def test_it_says_how_far_it_is_also_when_nothing_is_for_this_client(
    service: Service, here: Flashlog, key: str
) -> None:
    operation_id = examples.operation(here)
    with service.follow(f"after=end&operation={uuid4()}", key) as feed:
        list(until_caught_up(feed))
        last = examples.note(here, operation_id, *examples.connected())
        told = [feed.receive()]
        while told[-1]["position"] < last:
            told.append(feed.receive())
    assert {message["type"] for message in told} == {"position"}
    assert all(a <= b for a, b in pairwise(positions(told)))


def test_whoever_comes_back_with_a_position_goes_on_there(
    service: Service, here: Flashlog, key: str
) -> None:
    examples.operation(here)
    with service.follow("after=0", key) as feed:
        first = [next_event(feed) for _ in range(3)]
    with service.follow(f"after={first[-1]['position']}", key) as feed:
        rest = list(until_caught_up(feed))
    entries = all_entries(here)
    assert positions([*first, *rest]) == [entry.position for entry in entries]


def test_what_a_client_says_is_ignored(service: Service, key: str) -> None:
    with service.follow("after=end", key) as feed:
        list(until_caught_up(feed))
        for nonsense in ("", "{", '{"type": "request_current_state"}'):
            feed.send(nonsense)
        assert feed.receive()["type"] == "position"


def test_nothing_is_left_out_while_the_read_models_are_made_anew(
    service: Service, here: Flashlog, key: str, mine: UUID
) -> None:
    token = fleet.token_of_administrator(here, mine)
    operation_id = fleet.operation_of(here, mine)
    with (
        service.follow("after=end", key) as all_,
        service.follow("after=end", token) as own,
    ):
        for feed in (all_, own):
            list(until_caught_up(feed))
        end = here.log.end()
        for visit in range(5):
            here.projector.drop()
            begun = events.VisitBegun(visit=visit, runner="test")
            examples.note(here, operation_id, begun)
        for feed in (all_, own):
            told = [next_event(feed) for _ in range(5)]
            assert positions(told) == list(range(end + 1, end + 6))


# --- what is asked for -----------------------------------------------------------


def told_of(service: Service, key: str, query: str) -> list[dict[str, Any]]:
    with service.follow(f"after=0&{query}", key) as feed:
        return list(until_caught_up(feed))


def test_events_of_a_device_are_its_own_and_those_of_its_operations(
    service: Service, here: Flashlog, key: str, mine: UUID
) -> None:
    device_id = examples.device(here, organization_id=mine)
    operation_id = fleet.started(here, device_id, examples.image(here))
    other = examples.device(here, organization_id=mine)
    told = told_of(service, key, f"device={device_id}")
    assert {event["subject"] for event in told} == {str(device_id), str(operation_id)}
    both = told_of(service, key, f"device={device_id}&device={other}")
    assert {event["subject"] for event in both} == {
        *map(str, (device_id, operation_id, other))
    }


def test_events_of_a_batch_are_its_own_and_those_of_its_members(
    service: Service, here: Flashlog, key: str, mine: UUID
) -> None:
    members = fleet.Members(here, 2, organization_id=mine)
    ids = members.fill(2)
    told = told_of(service, key, f"batch={members.id}")
    topics = {event["type"].partition(":")[0] for event in told}
    assert topics == {"Batch", "BatchTargets", "UpgradeOperation"}
    assert {*map(str, ids)} < {event["subject"] for event in told}
    one = told_of(service, key, f"batch={members.id}&device={members.device_ids[0]}")
    assert {event["subject"] for event in one} == {str(ids[0])}


def test_events_of_an_operation_and_of_a_type(
    service: Service, here: Flashlog, key: str
) -> None:
    operation_id = examples.operation(here)
    here.show(examples.note(here, operation_id, *examples.connected()))
    told = told_of(service, key, f"operation={operation_id}")
    assert [event["type"] for event in told] == [
        "UpgradeOperation:Started",
        "UpgradeOperation:AttemptBegun",
        "UpgradeOperation:VisitBegun",
        "UpgradeOperation:Connected",
    ]
    connected = f"operation={operation_id}&type=UpgradeOperation:Connected"
    assert positions(told_of(service, key, connected)) == positions(told[-1:])
    every = f"operation={operation_id}&type=UpgradeOperation&type=Device"
    assert told_of(service, key, every) == told


@pytest.mark.parametrize(
    "query",
    [
        "after=-1",
        "after=x",
        "after=1.5",
        f"after={2**64}",
        "device=17",
        "batch=x",
        "operation=x",
        "type=UpgradeOperation:Nothing",
    ],
)
def test_a_question_that_cannot_be_understood_is_400(
    service: Service, key: str, query: str
) -> None:
    with refused(400):
        service.follow(query, key)


def test_a_position_that_there_is_not_yet_is_409(
    service: Service, here: Flashlog, key: str
) -> None:
    with refused(409):
        service.follow(f"after={here.log.end() + 1}", key)


# --- who is told -------------------------------------------------------------------


def seen_by(service: Service, token: str) -> set[str]:
    with service.follow("after=0", token) as feed:
        return {event["subject"] for event in until_caught_up(feed)}


def test_nobody_is_told_of_another_organization(
    service: Service, here: Flashlog, mine: UUID, theirs: UUID
) -> None:
    of_mine, of_theirs = (_things_of(here, each) for each in (mine, theirs))
    seen = seen_by(service, fleet.token_of_administrator(here, mine))
    assert of_mine <= seen
    assert not of_theirs & seen


def test_what_all_share_is_seen_by_those_who_may_view_it(
    service: Service, here: Flashlog, mine: UUID
) -> None:
    category_id = examples.category(here, organization_id=None)
    image_id = examples.image(here, category_id=category_id)
    shared = {str(category_id), str(image_id)}
    assert shared <= seen_by(service, fleet.token_of_administrator(here, mine))
    # Operators may view images, but not categories.
    seen = seen_by(service, fleet.token_of_operator(here, mine))
    assert shared & seen == {str(image_id)}


def test_a_batch_of_a_shared_category_is_told_to_superusers_alone(
    service: Service, here: Flashlog, key: str, mine: UUID
) -> None:
    members = fleet.Members(here, 1, organization_id=mine, shared=True)
    (operation_id,) = members.fill(1)
    seen = seen_by(service, fleet.token_of_administrator(here, mine))
    assert str(operation_id) in seen
    assert str(members.id) not in seen
    assert str(members.id) in seen_by(service, key)


def test_people_and_what_is_taken_are_told_to_superusers_alone(
    service: Service, here: Flashlog, key: str, mine: UUID
) -> None:
    token = fleet.token_of_administrator(here, mine)
    kinds = {"User", "Reservation", "Group", "KnownHost"}
    with service.follow("after=0", token) as feed:
        topics = {event["type"].partition(":")[0] for event in until_caught_up(feed)}
    assert topics
    assert not topics & kinds
    assert told_of(service, key, "type=User")


def test_live_events_are_for_their_owners_too(
    service: Service, here: Flashlog, mine: UUID, theirs: UUID
) -> None:
    ours, others = fleet.operation_of(here, mine), fleet.operation_of(here, theirs)
    token = fleet.token_of_operator(here, mine)
    with service.follow("after=end", token) as feed:
        list(until_caught_up(feed))
        examples.note(here, others, *examples.connected())
        examples.note(here, ours, events.AttemptBegun(attempt=1))
        assert next_event(feed)["subject"] == str(ours)


def test_a_router_that_changes_hands_takes_its_history_along(
    service: Service, here: Flashlog, mine: UUID, theirs: UUID
) -> None:
    device_id = examples.device(here, organization_id=mine)
    operation_id = fleet.started(here, device_id, examples.image(here))
    fleet.give_away(here, device_id, theirs)
    both = {str(device_id), str(operation_id)}
    assert both <= seen_by(service, fleet.token_of_operator(here, theirs))
    assert not both & seen_by(service, fleet.token_of_operator(here, mine))


def _things_of(here: Flashlog, organization_id: UUID) -> set[str]:
    members = fleet.Members(here, 1, organization_id=organization_id)
    device_id = members.device_ids[0]
    (operation_id,) = members.fill(1)
    ids = (members.id, members.image_id, device_id, operation_id, organization_id)
    return {*map(str, ids)}
