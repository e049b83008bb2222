"""The channel of a batch: its members one by one, and how far all of it is."""

from itertools import pairwise
from uuid import UUID, uuid4

import pytest

from application.commands.categories import change_category
from application.flashlog import Flashlog
from domain.operation import events
from tests.web import examples
from tests.web.conftest import API
from tests.web.serving import Service, Socket
from tests.web.sockets import fleet
from tests.web.sockets.conftest import refused

pytestmark = pytest.mark.process

_PROGRESS_KEYS = {
    "type",
    "operation_id",
    "status",
    "progress",
    "modified",
    "device_id",
    "device_name",
    "image_name",
    "timestamp",
}


@pytest.fixture(scope="module")
def organization_id(here: Flashlog) -> UUID:
    return examples.organization(here, "batches")


def listen(service: Service, batch_id: object, key: str) -> Socket:
    return service.open(
        f"/ws/firmware-upgrader/batch-upgrade-operation/{batch_id}/", key
    )


def test_one_request_has_one_answer(
    service: Service, here: Flashlog, key: str, organization_id: UUID
) -> None:
    members = fleet.Members(here, 3, organization_id=organization_id)
    ids = members.fill(2)
    here.show(examples.note(here, ids[0], events.Failed(reason="x")))
    with listen(service, members.id, key) as listener:
        assert listener.is_silent(0.3)
        state = listener.ask()
        assert listener.is_silent(0.3)
    assert state["type"] == "batch_state"
    assert "timestamp" not in state
    assert state["batch_status"] == {
        "status": "in-progress",
        "completed": 1,
        "total": 3,
    }
    by_rest = [service.get(f"{API}/upgrade-operation/{each}/", key)[1] for each in ids]
    shown = {each["id"]: each for each in state["operations"]}
    assert shown.keys() == {each["id"] for each in by_rest}
    assert all(shown[each["id"]].items() <= each.items() for each in by_rest)


def test_members_are_pushed_from_their_creation_on_each_with_the_batch(
    service: Service, here: Flashlog, key: str, organization_id: UUID
) -> None:
    members = fleet.Members(here, 1, organization_id=organization_id)
    with listen(service, members.id, key) as listener:
        (operation_id,) = members.fill(1)
        for save in (
            examples.connected(),
            [events.UploadBegun(path="/tmp/x", size_bytes=9)],
            [examples.flashing()],
            [events.Succeeded()],
        ):
            here.show(examples.note(here, operation_id, *save))
        told = [listener.receive() for _ in range(2 * 5 + 1)]
        assert listener.is_silent(0.3)
    # The batch itself was saved once more, when it was filled.
    filled = told.pop(2)
    assert filled["type"] == "batch_status"
    members_told, batch_told = told[::2], told[1::2]
    assert {each["type"] for each in members_told} == {"operation_progress"}
    assert {each["type"] for each in batch_told} == {"batch_status"}
    assert all(set(each) == _PROGRESS_KEYS for each in members_told)
    assert [each["progress"] for each in members_told] == [0, 10, 10, 65, 100]
    assert members_told[-1]["status"] == "success"
    assert members_told[0]["device_id"] == str(members.device_ids[0])
    assert members_told[0]["device_name"].startswith("ap-")
    assert members_told[0]["image_name"] == "WiFi v1.0: image.bin"
    completed = [each["completed"] for each in batch_told]
    assert all(earlier <= later for earlier, later in pairwise(completed))
    last = {key: batch_told[-1][key] for key in ("status", "completed", "total")}
    assert last == {"status": "success", "completed": 1, "total": 1}


def test_what_a_person_does_to_the_batch_is_pushed(
    service: Service, here: Flashlog, key: str, organization_id: UUID
) -> None:
    members = fleet.Members(here, 2, organization_id=organization_id)
    with listen(service, members.id, key) as listener:
        members.hold()
        pushed = listener.receive()
        assert (pushed["type"], pushed["total"]) == ("batch_status", 2)


def test_other_batches_and_single_operations_are_not_told(
    service: Service, here: Flashlog, key: str, organization_id: UUID
) -> None:
    members = fleet.Members(here, 1, organization_id=organization_id)
    with listen(service, members.id, key) as listener:
        fleet.Members(here, 1, organization_id=organization_id).fill(1)
        examples.note(here, examples.operation(here), *examples.connected())
        assert listener.is_silent(0.3)


def test_all_three_channels_tell_the_same(
    service: Service, here: Flashlog, key: str, organization_id: UUID
) -> None:
    members = fleet.Members(here, 1, organization_id=organization_id)
    (operation_id,) = members.fill(1)
    path = f"/ws/firmware-upgrader/device/{members.device_ids[0]}/"
    with (
        service.open(path, key) as device,
        service.listen(operation_id, key) as operation,
        listen(service, members.id, key) as batch,
    ):
        examples.note(here, operation_id, *examples.connected())
        of_device, of_operation = device.receive(), operation.receive()
        of_batch = batch.receive()
    assert of_device["operation"] == of_operation["operation"]
    shown = of_operation["operation"]
    assert {key: of_batch[key] for key in ("status", "progress", "modified")} == {
        key: shown[key] for key in ("status", "progress", "modified")
    }


def test_a_shared_batch_is_for_superusers_alone(
    service: Service, here: Flashlog, key: str, organization_id: UUID
) -> None:
    shared = fleet.Members(here, 1, organization_id=organization_id, shared=True)
    with listen(service, shared.id, key) as listener:
        assert listener.ask()["type"] == "batch_state"
    with refused(403):
        listen(service, shared.id, fleet.token_of_administrator(here, organization_id))


def test_a_router_that_changes_hands_is_not_told_of_in_the_batch_any_more(
    service: Service, here: Flashlog, key: str, organization_id: UUID
) -> None:
    members = fleet.Members(here, 2, organization_id=organization_id)
    gone, kept = members.fill(2)
    fleet.give_away(here, members.device_ids[0], examples.organization(here, "new"))
    token = fleet.token_of_operator(here, organization_id)
    with (
        listen(service, members.id, key) as all_,
        listen(service, members.id, token) as own,
    ):
        assert len(all_.ask()["operations"]) == 2
        assert [each["id"] for each in own.ask()["operations"]] == [str(kept)]
        for each in (gone, kept):
            examples.note(here, each, *examples.connected())
        first = [own.receive() for _ in range(2)]
        told = [all_.receive() for _ in range(4)]
    assert [each.get("operation_id") for each in first] == [str(kept), None]
    assert [each.get("operation_id") for each in told[::2]] == [str(gone), str(kept)]


def test_a_batch_stays_with_whom_it_was_started_for(
    service: Service, here: Flashlog, organization_id: UUID
) -> None:
    members = fleet.Members(here, 1, organization_id=organization_id)
    (operation_id,) = members.fill(1)
    here.show(examples.note(here, operation_id, events.Succeeded()))
    other = examples.organization(here, "buyer")
    change_category(here, members.category_id, {"organization_id": other})
    listen(service, members.id, fleet.token_of_operator(here, organization_id)).close()
    with refused(403):
        listen(service, members.id, fleet.token_of_operator(here, other))


def test_a_batch_that_there_is_not_is_refused(service: Service, key: str) -> None:
    with refused(403):
        listen(service, uuid4(), key)
