"""Every command of a device: done, refused, ignored."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
import pytest

from domain.base import Event, rebuild
from domain.device import events
from domain.device.device import Device, StillActiveError
from domain.device.words import Connection, Jump, Learned, PinnedKey
from domain.errors import RefusedError
from tests.domain import examples

OTHER_KEY = PinnedKey(type="ssh-rsa", base64="AAAAB3Nz", fingerprint="SHA256:xyz")


def told_by(device: Device, command: Callable[[], None]) -> list[Event]:
    device.collect_events()
    command()
    return list(device.collect_events())


def installed() -> events.FirmwareInstalled:
    return events.FirmwareInstalled(
        image_id=examples.IMAGE_ID,
        operation_id=examples.OPERATION_ID,
        release="23.05.5",
        revision="r24106-10cc5fcd00",
    )


def test_a_registered_device_is_active_and_runs_nothing_known() -> None:
    device = examples.device()

    assert device.is_active
    assert device.host_key is None
    assert device.image_id is None
    assert not device.installed


def test_its_story_tells_the_same_device_again() -> None:
    device = examples.device()
    device.pin_host_key(examples.KEY)
    device.assign_firmware(examples.IMAGE_ID, firmware_id=examples.FIRMWARE_ID)
    device.install(installed())

    again = rebuild(None, device.collect_events())

    assert again
    assert examples.state_of(again) == examples.state_of(device)


def test_a_device_is_given_to_an_operation() -> None:
    device = examples.device()

    device.give(examples.OPERATION_ID, examples.IMAGE_ID)

    assert device.operation_id == examples.OPERATION_ID


def test_a_deactivated_device_is_given_to_nobody() -> None:
    device = examples.device()
    device.deactivate()

    with pytest.raises(RefusedError) as refusal:
        device.give(examples.OPERATION_ID, examples.IMAGE_ID)

    assert str(refusal.value) == (
        "Firmware upgrades are not allowed for deactivated devices."
    )
    assert device.operation_id is None


def test_an_active_device_may_be_flashed() -> None:
    device = examples.device()

    told = told_by(device, lambda: device.allow_flash(examples.OPERATION_ID))

    assert told == [events.FlashAllowed(operation_id=examples.OPERATION_ID)]


def test_a_deactivated_device_is_not_flashed() -> None:
    device = examples.device()
    device.deactivate()
    device.collect_events()

    with pytest.raises(RefusedError, match="deactivated"):
        device.allow_flash(examples.OPERATION_ID)

    assert device.collect_events() == []


def test_an_assigned_image_is_not_installed_until_it_was_verified() -> None:
    device = examples.device()

    device.assign_firmware(examples.IMAGE_ID, firmware_id=examples.FIRMWARE_ID)
    assert (device.image_id, device.installed) == (examples.IMAGE_ID, False)

    device.install(installed())
    assert device.installed
    assert device.running_image_id == examples.IMAGE_ID


def test_its_firmware_keeps_its_id_when_another_image_is_assigned() -> None:
    device = examples.device()
    device.assign_firmware(examples.IMAGE_ID, firmware_id=examples.FIRMWARE_ID)

    device.assign_firmware(examples.OTHER_IMAGE_ID, firmware_id=examples.PERSON)

    assert device.firmware_id == examples.FIRMWARE_ID


def test_an_image_that_was_assigned_meanwhile_is_not_the_installed_one() -> None:
    device = examples.device()
    device.assign_firmware(examples.OTHER_IMAGE_ID, firmware_id=examples.FIRMWARE_ID)

    device.install(installed())

    assert not device.installed
    assert device.running_image_id == examples.IMAGE_ID


def test_a_host_key_is_pinned_and_released() -> None:
    device = examples.device()

    device.pin_host_key(examples.KEY)
    device.pin_host_key(OTHER_KEY)
    assert device.host_key == OTHER_KEY

    device.release_host_key("the router was replaced")
    assert device.host_key is None


def test_an_active_state_that_is_there_already_is_refused() -> None:
    device = examples.device()

    with pytest.raises(RefusedError, match="the device is active already"):
        device.activate()
    device.deactivate()
    with pytest.raises(RefusedError, match="the device is deactivated already"):
        device.deactivate()
    device.activate()
    assert device.is_active


LEARNED = Learned(board="b", model="m", release="23.05.5", revision="r1")
CONNECTIONS = (
    Connection(
        connection_id=examples.PERSON,
        credentials_id=examples.CREDENTIALS_ID,
        enabled=False,
    ),
)
REPEATED: dict[str, Callable[[Device], None]] = {
    "pin": lambda device: device.pin_host_key(examples.KEY),
    "release": lambda device: device.release_host_key("replaced"),
    "enroll": lambda device: device.enroll(examples.PERSON),
    "learn": lambda device: device.learn(LEARNED),
    "addresses": lambda device: device.change_addresses(("10.0.0.9",)),
    "connections": lambda device: device.change_connections(CONNECTIONS),
}


@pytest.mark.parametrize("name", REPEATED)
def test_what_is_so_already_is_not_told_again(name: str) -> None:
    device = examples.device()
    if name == "release":
        device.pin_host_key(examples.KEY)

    assert len(told_by(device, lambda: REPEATED[name](device))) == 1
    assert told_by(device, lambda: REPEATED[name](device)) == []


def test_only_enabled_connections_lead_to_the_router() -> None:
    device = examples.device()
    assert len(device.enabled_connections) == 1

    device.change_connections(CONNECTIONS)

    assert not device.enabled_connections


SECOND = UUID("cc000000-0000-4000-8000-000000000002")
THIRD = UUID("cc000000-0000-4000-8000-000000000003")
LOG_INS = (examples.CREDENTIALS_ID, SECOND, THIRD)
REFUSED = "the log-in was refused"


def with_three_log_ins() -> Device:
    return examples.device(
        connections=tuple(
            Connection(connection_id=each, credentials_id=each) for each in LOG_INS
        )
    )


def order(device: Device) -> tuple[UUID, ...]:
    return tuple(each.credentials_id for each in device.connections_to_try)


def test_what_has_worked_last_is_tried_first() -> None:
    device = with_three_log_ins()
    assert order(device) == LOG_INS

    device.note_log_ins(worked=THIRD, refused={}, at=examples.AT)
    assert order(device) == (THIRD, examples.CREDENTIALS_ID, SECOND)

    device.note_log_ins(worked=SECOND, refused={THIRD: REFUSED}, at=examples.later(1))
    assert order(device) == (SECOND, examples.CREDENTIALS_ID, THIRD)
    assert device.log_ins[THIRD].reason == REFUSED
    assert not device.log_ins[THIRD].is_working


def test_what_became_of_log_ins_is_told_when_it_is_news_and_once_a_day() -> None:
    device = with_three_log_ins()

    def told(seconds: float, worked: UUID | None, *refused: UUID) -> int:
        reasons = dict.fromkeys(refused, REFUSED)
        at = examples.later(seconds)
        return len(
            told_by(
                device,
                lambda: device.note_log_ins(worked=worked, refused=reasons, at=at),
            )
        )

    day = 24 * 60 * 60
    assert told(0, THIRD) == 1
    assert told(60, THIRD) == 0
    assert told(90, THIRD, SECOND) == 1
    assert told(120, None) == 0
    assert told(day + 91, THIRD, SECOND) == 1
    assert told(day + 120, None, THIRD) == 1
    assert not device.log_ins[THIRD].is_working


def test_nothing_is_known_of_credentials_that_are_not_the_devices() -> None:
    device = with_three_log_ins()
    device.note_log_ins(worked=THIRD, refused={SECOND: REFUSED}, at=examples.AT)

    device.change_connections(device.connections[:2])
    assert set(device.log_ins) == {SECOND}

    note = partial(device.note_log_ins, worked=THIRD, refused={}, at=examples.AT)
    assert told_by(device, note) == []


def describe(device: Device, **changes: Any) -> None:
    device.change(msgspec.structs.replace(device.description, **changes))


def test_what_is_said_of_a_device_is_told_as_a_whole_and_only_when_it_is_news() -> None:
    device = examples.device()

    (changed,) = told_by(device, lambda: describe(device, notes="on the mast"))
    assert isinstance(changed, events.Changed)
    assert changed.description.name == device.name
    assert told_by(device, lambda: describe(device, notes="on the mast")) == []
    assert device.notes == "on the mast"


def test_a_deactivated_device_shows_no_management_address_but_can_be_reached() -> None:
    device = examples.device()
    describe(device, management_ip="10.0.0.7", addresses=("10.0.0.7", "fe80::1"))
    assert device.further_addresses == ("fe80::1",)

    device.deactivate()

    assert device.management_ip is None
    assert device.addresses == ("10.0.0.7", "fe80::1")
    assert device.further_addresses == ("fe80::1",)


def test_an_active_device_is_not_deleted() -> None:
    device = examples.device()

    with pytest.raises(StillActiveError):
        device.delete()
    device.deactivate()
    device.delete()
    assert device.is_deleted


def test_firmware_that_is_known_to_run_needs_no_operation() -> None:
    device = examples.device()

    device.assign_firmware(
        examples.IMAGE_ID, firmware_id=examples.FIRMWARE_ID, installed=True
    )
    assert device.installed
    device.remove_firmware()
    assert (device.firmware_id, device.image_id, device.installed) == (
        None,
        None,
        False,
    )
    assert told_by(device, device.remove_firmware) == []


def test_the_way_to_a_router_changes_when_it_is_another() -> None:
    device = examples.device()
    jumps = (Jump(address="gw.mesh", credentials_id=examples.CREDENTIALS_ID),)

    told = told_by(device, lambda: device.change_jumps(jumps))
    again = told_by(device, lambda: device.change_jumps(jumps))

    assert (told, again) == ([events.JumpsChanged(jumps=jumps)], [])
    assert device.jumps == jumps


def test_an_agent_is_expected_once_and_never_another_one() -> None:
    device = examples.device()
    uuid, other = UUID(int=1), UUID(int=2)

    told = told_by(device, lambda: device.expect_agent(uuid))
    again = told_by(device, lambda: device.expect_agent(uuid))

    assert (told, again) == ([events.AgentExpected(uuid=uuid)], [])
    with pytest.raises(RefusedError, match=f"known by the UUID {uuid}"):
        device.expect_agent(other)
    assert device.agent_uuid == uuid
