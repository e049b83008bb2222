"""The channel of a device: its operations in both forms that clients know."""

import pytest

from application.flashlog import Flashlog
from domain.operation import events
from tests.web import examples
from tests.web.conftest import API
from tests.web.serving import Service, Socket
from tests.web.sockets import fleet
from tests.web.sockets.conftest import refused

pytestmark = pytest.mark.process


def listen(service: Service, device_id: object, key: str) -> Socket:
    return service.open(f"/ws/firmware-upgrader/device/{device_id}/", key)


def test_a_device_without_operations_has_nothing_to_say(
    service: Service, here: Flashlog, key: str
) -> None:
    with listen(service, examples.device(here), key) as listener:
        listener.send('{"type": "request_current_state"}')
        assert listener.is_silent(0.3)


def test_the_five_operations_that_changed_last_are_the_answer(
    service: Service, here: Flashlog, key: str
) -> None:
    device_id, image_id = examples.device(here), examples.image(here)
    ids = [fleet.started(here, device_id, image_id) for _ in range(6)]
    here.show(examples.note(here, ids[1], *examples.connected()))
    with listen(service, device_id, key) as listener:
        answers = [listener.ask(), *(listener.receive() for _ in range(4))]
        assert listener.is_silent(0.3)
    shown = [answer["operation"]["id"] for answer in answers]
    assert shown == [str(each) for each in (ids[1], *ids[:1:-1])]
    path = f"{API}/upgrade-operation/{ids[1]}/"
    assert answers[0]["operation"].items() <= service.get(path, key)[1].items()


def test_a_message_is_flat_and_in_an_envelope(
    service: Service, here: Flashlog, key: str
) -> None:
    device_id = examples.device(here)
    operation_id = fleet.started(here, device_id, examples.image(here))
    with listen(service, device_id, key) as listener:
        answer = listener.ask()
        examples.note(here, operation_id, *examples.connected())
        for message in (answer, listener.receive()):
            assert message["type"] == "operation_update"
            assert message["model"] == "UpgradeOperation"
            assert message["data"] == {
                "type": message["type"],
                "operation": message["operation"],
            }
            assert message["timestamp"].endswith("+00:00")
            assert "created" in message["operation"]


def test_the_creation_of_a_single_operation_is_not_pushed(
    service: Service, here: Flashlog, key: str
) -> None:
    device_id = examples.device(here)
    with listen(service, device_id, key) as listener:
        operation_id = fleet.started(here, device_id, examples.image(here))
        examples.note(here, operation_id, *examples.connected())
        assert listener.receive()["operation"]["progress"] == 10
        examples.note(here, operation_id, events.Failed(reason="never came back"))
        assert listener.receive()["operation"]["status"] == "failed"


def test_a_member_of_a_batch_is_pushed_from_its_creation_on(
    service: Service, here: Flashlog, key: str
) -> None:
    members = fleet.Members(here, 1, organization_id=examples.organization(here, "m"))
    with listen(service, members.device_ids[0], key) as listener:
        (operation_id,) = members.fill(1)
        pushed = listener.receive()["operation"]
        assert (pushed["id"], pushed["progress"]) == (str(operation_id), 0)


def test_what_another_device_does_is_not_told(
    service: Service, here: Flashlog, key: str
) -> None:
    device_id = examples.device(here)
    with listen(service, device_id, key) as listener:
        elsewhere = fleet.started(here, examples.device(here), examples.image(here))
        examples.note(here, elsewhere, *examples.connected())
        assert listener.is_silent(0.3)


def test_a_device_that_there_is_not_is_refused(service: Service, key: str) -> None:
    with refused(403):
        listen(service, examples.NOBODY, key)
    with refused(404):
        listen(service, 17, key)
