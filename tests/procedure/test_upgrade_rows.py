"""Every row of the status document, on a router that speaks real SSH."""

from pathlib import Path
from uuid import UUID, uuid4

import pytest

from application.commands.operations import cancel_operation, start_upgrade
from application.commands.reaching import change_addresses
from domain.device.device import Device
from domain.errors import AlreadyEndedError, CancelTooLateError
from domain.operation.words import Status
from tests.procedure.conftest import MakeWorld
from tests.procedure.world import (
    NEW_RELEASE,
    NEW_REVISION,
    at,
    eventually,
    in_background,
    untouched,
)
from tests.routers import face
from tests.routers.images import build_image


def test_a_router_comes_back_with_the_new_firmware_and_that_is_success(
    make_world: MakeWorld,
) -> None:
    world = make_world()
    before = world.router.facts()
    operation = world.upgrade()
    assert operation.status is Status.SUCCESS, world.story(operation.id)
    assert operation.progress == 100
    after = world.router.facts()
    assert (after.release, after.revision) == (NEW_RELEASE, NEW_REVISION)
    assert after.boot_id != before.boot_id
    assert world.router.flashes == 1
    device = world.flashlog.log.get(Device, world.device_id)
    assert device.installed
    assert device.running_image_id == world.image_id


def test_an_upgrade_costs_at_most_25_commits_and_12_kib_of_log(
    make_world: MakeWorld,
) -> None:
    world = make_world()
    operation = world.upgrade()
    entries = world.flashlog.log.story(operation.id)
    assert len({entry.recorded_at for entry in entries}) <= 25
    stored = world.flashlog.log.recorder.select_events(operation.id)
    assert sum(len(event.state) + len(event.topic) + 40 for event in stored) <= 12 << 10


def test_a_router_that_runs_the_image_already_is_not_flashed_again(
    make_world: MakeWorld,
) -> None:
    world = make_world()
    world.upgrade()
    again = world.upgrade()
    assert again.status is Status.SUCCESS
    assert world.router.flashes == 1
    assert "Uploaded" not in world.names(again.id)


def test_a_marker_without_the_revision_proves_nothing(make_world: MakeWorld) -> None:
    """A router that was flashed by hand since keeps the marker of the last upgrade."""
    world = make_world()
    first = world.upgrade()
    assert first.status is Status.SUCCESS
    other = build_image(
        world.router.facts().board, "24.10.1", "r28597-0425664679", size=1 << 20
    )
    world.upgrade(world.add_image(other))
    assert world.router.flashes == 2
    back = world.upgrade()
    assert back.status is Status.SUCCESS
    assert world.router.flashes == 3


def test_services_are_stopped_when_memory_is_short_and_run_again_after_the_reboot(
    make_world: MakeWorld,
) -> None:
    world = make_world(face.LowMemory(recoverable=True))
    services = world.router.services_running()
    operation = world.upgrade()
    assert operation.status is Status.SUCCESS, world.story(operation.id)
    names = world.names(operation.id)
    assert names.index("ServicesStopBegun") < names.index("ServicesStopped")
    assert "MemoryFreed" in names
    untouched(world.router, services)


def test_too_little_memory_even_after_freeing_some_is_aborted_and_all_is_given_back(
    make_world: MakeWorld,
) -> None:
    world = make_world(face.LowMemory(recoverable=False))
    services = world.router.services_running()
    operation = world.upgrade()
    assert operation.status is Status.ABORTED
    assert "not enough memory" in world.last(operation.id)
    assert not operation.owed
    untouched(world.router, services)
    assert world.router.flashes == 0


def test_a_full_upload_directory_is_aborted_with_the_room_that_was_found(
    make_world: MakeWorld,
) -> None:
    world = make_world(face.FullTmp())
    operation = world.upgrade()
    assert operation.status is Status.ABORTED
    assert "not enough room in /tmp" in world.last(operation.id)


def test_another_uuid_than_expected_is_aborted_before_anything_is_changed(
    make_world: MakeWorld,
) -> None:
    world = make_world()
    world.router.inject(face.WrongUuid())
    operation = world.upgrade()
    assert operation.status is Status.ABORTED
    assert "00000000-dead-4bad-8bad-000000000000" in world.last(operation.id)
    assert "Expected" in world.last(operation.id)
    assert world.router.commands == ["inspect"]


def test_a_missing_uuid_is_aborted(make_world: MakeWorld) -> None:
    world = make_world()
    world.router.inject(face.MissingUuid())
    operation = world.upgrade()
    assert operation.status is Status.ABORTED
    assert "shows no UUID" in world.last(operation.id)


def test_a_router_without_an_agent_is_known_by_its_mac(make_world: MakeWorld) -> None:
    world = make_world(setup={"uuid": None})
    operation = world.upgrade()
    assert operation.status is Status.SUCCESS
    assert "verified by mac" in world.story(operation.id)


def test_an_image_for_another_board_is_aborted_before_a_byte_is_sent(
    make_world: MakeWorld,
) -> None:
    world = make_world()
    image = build_image("netgear,r6220", NEW_RELEASE, NEW_REVISION, size=1 << 20)
    operation = world.upgrade(world.add_image(image))
    assert operation.status is Status.ABORTED
    assert "netgear,r6220" in world.last(operation.id)
    assert world.router.commands == ["inspect"]


def test_an_image_that_the_router_refuses_is_aborted_and_removed(
    make_world: MakeWorld,
) -> None:
    world = make_world(face.CorruptImage())
    services = world.router.services_running()
    operation = world.upgrade()
    assert operation.status is Status.ABORTED
    assert "Image check failed" in world.last(operation.id)
    untouched(world.router, services)


def test_a_changed_host_key_is_aborted_before_a_password_is_sent(
    make_world: MakeWorld,
) -> None:
    world = make_world()
    world.upgrade()
    seen = list(world.router.commands)
    world.router.inject(face.ChangedHostKey())
    operation = world.upgrade()
    assert operation.status is Status.ABORTED
    assert "host key" in world.last(operation.id)
    assert world.router.commands == seen


def test_a_broken_upload_goes_on_where_it_was(make_world: MakeWorld) -> None:
    world = make_world(
        face.CutAtByte(600_000), upload_channels_max=2, upload_chunk_bytes=65536
    )
    operation = world.upgrade()
    assert operation.status is Status.SUCCESS, world.story(operation.id)
    assert "is there already" in world.story(operation.id)
    assert operation.attempt == 2


def test_a_stalled_upload_is_given_up_and_goes_on(make_world: MakeWorld) -> None:
    world = make_world(face.StallAtByte(600_000), upload_stall_seconds=3.0)
    operation = world.upgrade()
    assert operation.status is Status.SUCCESS, world.story(operation.id)
    assert "stood still" in world.story(operation.id)


def test_retries_used_up_are_failed_with_the_cause(make_world: MakeWorld) -> None:
    world = make_world(retries_max=1)
    world.router.cut_network()
    operation = world.upgrade()
    assert operation.status is Status.FAILED
    assert "tried 2 times" in world.last(operation.id)
    assert world.router.flashes == 0


def test_a_session_that_hangs_at_the_flash_is_no_error(make_world: MakeWorld) -> None:
    world = make_world(face.HangAtFlash())
    operation = world.upgrade()
    assert operation.status is Status.SUCCESS, world.story(operation.id)


def test_a_refused_flash_is_failed_within_seconds_with_the_routers_message(
    make_world: MakeWorld,
) -> None:
    world = make_world(face.RefuseFlash())
    services = world.router.services_running()
    operation = world.upgrade()
    # Nobody waited until the router should have been back.
    assert world.names(operation.id).count("ReconnectAttempted") < 5
    assert operation.status is Status.FAILED
    assert "Operation not supported" in world.story(operation.id)
    assert not operation.owed
    assert world.router.flashes == 0
    untouched(world.router, services)


def test_a_router_that_never_comes_back_is_failed_and_a_person_is_told(
    make_world: MakeWorld,
) -> None:
    world = make_world(face.NeverBack(), reconnect_retries_max=4)
    operation = world.upgrade()
    assert operation.status is Status.FAILED
    assert "never came back" in world.story(operation.id)
    assert operation.given_up
    assert operation.is_settled


def test_a_router_is_looked_for_on_every_address_it_has(make_world: MakeWorld) -> None:
    world = make_world(face.BackOnAnotherAddress())
    operation = world.upgrade()
    assert operation.status is Status.SUCCESS
    assert f"Reconnected to {world.router.other_host}" in world.story(operation.id)


def test_an_address_learned_while_waiting_is_used(make_world: MakeWorld) -> None:
    world = make_world(face.BackOnAnotherAddress())
    change_addresses(
        world.flashlog, device_id=world.device_id, addresses=(world.router.host,)
    )
    operation_id = world.start()
    while not world.operation(operation_id).looks:
        world.advance(operation_id)
    change_addresses(
        world.flashlog, device_id=world.device_id, addresses=(world.router.other_host,)
    )
    assert world.settle(operation_id).status is Status.SUCCESS


def test_the_old_firmware_after_the_reboot_is_failed(make_world: MakeWorld) -> None:
    world = make_world(face.BackWithOldFirmware())
    operation = world.upgrade()
    assert operation.status is Status.FAILED
    assert "old firmware" in world.last(operation.id)
    device = world.flashlog.log.get(Device, world.device_id)
    assert not device.installed


def test_another_firmware_after_the_reboot_is_failed(make_world: MakeWorld) -> None:
    world = make_world(face.BackWithOtherFirmware())
    operation = world.upgrade()
    assert operation.status is Status.FAILED
    assert "another firmware" in world.last(operation.id)


def test_another_router_after_the_reboot_is_failed(make_world: MakeWorld) -> None:
    world = make_world(face.WrongUuid(after_flash=True))
    operation = world.upgrade()
    assert operation.status is Status.FAILED
    assert "another router" in world.last(operation.id)


def test_equal_revisions_are_told_apart_by_the_canary(make_world: MakeWorld) -> None:
    """Self-built images may share a revision: then a wiped file is the proof."""
    world = make_world()
    facts = world.router.facts()
    image = build_image(facts.board, facts.release, facts.revision, size=1 << 20)
    operation = world.upgrade(world.add_image(image))
    assert operation.status is Status.SUCCESS, world.story(operation.id)
    assert "wiped canary" in world.story(operation.id)


def test_equal_revisions_and_a_canary_that_is_still_there_are_failed(
    make_world: MakeWorld,
) -> None:
    """A router that rebooted without flashing still has the file."""
    world = make_world(face.RefuseFlash())
    facts = world.router.facts()
    image = build_image(facts.board, facts.release, facts.revision, size=1 << 20)
    operation_id = world.start(world.add_image(image))
    while not world.operation(operation_id).has_begun_flash:
        world.advance(operation_id)
    world.router.reboot()
    operation = world.settle(operation_id)
    assert operation.status is Status.FAILED
    assert "still there" in world.last(operation.id)


def test_a_failing_health_check_is_failed_after_its_patience(
    make_world: MakeWorld,
) -> None:
    world = make_world(health_retry_seconds=1.0)
    sick = world.add_image(world.image, category="sick", health_checks=("exit 3",))
    operation = world.upgrade(sick)
    assert operation.status is Status.FAILED
    assert "exit status 3" in world.last(operation.id)


def test_a_passing_health_check_is_part_of_the_outcome(make_world: MakeWorld) -> None:
    world = make_world()
    well = world.add_image(world.image, category="well", health_checks=("true",))
    operation = world.upgrade(well)
    assert operation.status is Status.SUCCESS
    assert "1 health checks passed" in world.story(operation.id)


def test_a_cancel_takes_effect_within_a_second_while_bytes_flow(
    make_world: MakeWorld,
) -> None:
    world = make_world(upload_bytes_per_second_max=40_000)  # it would take 26 s
    services = world.router.services_running()
    operation_id = world.start()
    visit = in_background(lambda: world.advance(operation_id))
    eventually(lambda: "UploadBegun" in world.names(operation_id))
    cancel_operation(world.flashlog, operation_id=operation_id)
    eventually(lambda: not world.operation(operation_id).owed)
    visit.join(60)
    assert "Uploaded" not in world.names(operation_id)
    operation = world.settle(operation_id)
    assert operation.status is Status.CANCELLED
    assert world.router.flashes == 0
    untouched(world.router, services)


def test_a_cancel_after_the_flash_began_is_refused_and_changes_nothing(
    make_world: MakeWorld,
) -> None:
    world = make_world()
    operation_id = world.start()
    while not world.operation(operation_id).has_begun_flash:
        world.advance(operation_id)
    with pytest.raises(CancelTooLateError):
        cancel_operation(world.flashlog, operation_id=operation_id)
    assert world.settle(operation_id).status is Status.SUCCESS
    with pytest.raises(AlreadyEndedError):
        cancel_operation(world.flashlog, operation_id=operation_id)


def test_a_second_operation_is_recorded_and_aborted_while_the_first_goes_on(
    make_world: MakeWorld,
) -> None:
    world = make_world()
    first, second = world.start(), world.start()
    assert world.operation(second).status is Status.ABORTED
    assert str(first) in world.last(second)
    assert world.settle(first).status is Status.SUCCESS


def test_what_is_owed_is_given_back_as_soon_as_the_router_answers(
    make_world: MakeWorld,
) -> None:
    """Cancelled while the link is cut: the device stays occupied until settled."""
    world = make_world(face.LowMemory(), face.CutAtByte(300_000), retries_max=9)
    services = world.router.services_running()
    operation_id = world.start()
    world.advance(operation_id)
    assert world.operation(operation_id).owed
    world.router.cut_network()
    cancel_operation(world.flashlog, operation_id=operation_id)
    world.advance(operation_id)
    assert world.operation(operation_id).owed
    blocked = world.start()
    assert world.operation(blocked).status is Status.ABORTED
    world.router.restore_network()
    world.settle(operation_id)
    untouched(world.router, services)
    assert world.operation(world.start()).status is Status.IN_PROGRESS


def test_what_is_owed_is_given_back_from_the_log_where_the_router_forgot_it(
    make_world: MakeWorld,
) -> None:
    """Somebody deleted Flashlog's directory while services were stopped."""
    world = make_world(face.LowMemory(), face.CutAtByte(300_000), retries_max=9)
    services = world.router.services_running()
    operation_id = world.start()
    world.advance(operation_id)
    world.router.delete("/tmp/flashlog")
    cancel_operation(world.flashlog, operation_id=operation_id)
    world.settle(operation_id)
    untouched(world.router, services)


def test_the_next_attempt_takes_over_what_a_router_forgot_that_it_is_owed(
    make_world: MakeWorld,
) -> None:
    world = make_world(
        face.LowMemory(), face.CutAtByte(300_000), face.CorruptImage(), retries_max=9
    )
    services = world.router.services_running()
    operation_id = world.start()
    world.advance(operation_id)
    assert not world.router.services_running() >= services
    world.router.delete("/tmp/flashlog")
    operation = world.settle(operation_id)
    assert operation.status is Status.ABORTED
    untouched(world.router, services)


@pytest.mark.parametrize("moment", ["before test_image", "before flash"])
def test_a_directory_that_is_deleted_in_the_middle_is_no_sign_that_nothing_is_owed(
    make_world: MakeWorld, tmp_path: Path, moment: str
) -> None:
    world = make_world(face.LowMemory())
    services = world.router.services_running()
    at(world, tmp_path, moment, lambda: world.router.delete("/tmp/flashlog"))
    operation = world.upgrade()
    if moment == "before flash":
        assert operation.status is Status.FAILED
        assert "firmware is unchanged" in world.last(operation.id)
        assert world.router.flashes == 0
    else:
        assert operation.status is Status.SUCCESS, world.story(operation.id)
        assert "somebody deleted it" in world.story(operation.id)
    untouched(world.router, services)


def test_a_router_that_was_unplugged_owes_nothing_any_more(
    make_world: MakeWorld,
) -> None:
    world = make_world(face.CutAtByte(300_000), retries_max=9)
    operation_id = world.start()
    world.advance(operation_id)
    world.router.reboot()
    operation = world.settle(operation_id)
    assert operation.status is Status.SUCCESS, world.story(operation_id)
    assert "by reboot" in world.story(operation_id)


def test_the_marker_is_on_the_router_only_after_success(make_world: MakeWorld) -> None:
    marker = "/etc/openwisp/firmware_checksum"
    failed = make_world(face.BackWithOldFirmware())
    failed.upgrade()
    assert failed.router.read_file(marker) is None


def test_an_unknown_device_or_image_is_not_found(make_world: MakeWorld) -> None:
    world = make_world()
    for device_id, image_id in (
        (uuid4(), world.image_id),
        (world.device_id, UUID(int=0)),
    ):
        with pytest.raises(Exception, match="there is no"):
            start_upgrade(world.flashlog, device_id=device_id, image_id=image_id)
