"""The dead-man's switch: the router gives back by itself what nobody else can."""

from pathlib import Path

from domain.operation.words import Status
from tests.procedure.conftest import MakeWorld
from tests.procedure.world import at, eventually, untouched
from tests.routers import face

LEASE_SECONDS = 300.0


def test_an_upload_that_takes_longer_than_the_lease_keeps_extending_it(
    make_world: MakeWorld,
) -> None:
    world = make_world(switch_lease_seconds=3.0, upload_bytes_per_second_max=200_000)
    operation = world.upgrade()
    assert operation.status is Status.SUCCESS, world.story(operation.id)
    assert world.router.commands.count("extend") > 1
    assert operation.attempt == 1, world.story(operation.id)


def test_a_pause_longer_than_the_lease_lets_the_router_restore_itself(
    make_world: MakeWorld,
) -> None:
    world = make_world(
        face.LowMemory(), face.CutAtByte(300_000), switch_lease_seconds=LEASE_SECONDS
    )
    services = world.router.services_running()
    operation_id = world.start()
    world.advance(operation_id)
    assert world.operation(operation_id).owed
    assert not world.router.services_running() >= services
    world.router.pass_time(LEASE_SECONDS + 5)
    eventually(lambda: world.router.services_running() >= services)
    eventually(world.router.wifi_is_up)
    operation = world.settle(operation_id)
    assert operation.status is Status.SUCCESS, world.story(operation_id)
    assert "by switch" in world.story(operation_id)
    assert world.router.flashes == 1


def test_a_network_that_is_cut_after_the_stop_brings_the_services_back(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    world = make_world(
        face.LowMemory(),
        switch_lease_seconds=LEASE_SECONDS,
        memory_settle_seconds=1.0,
        connect_seconds=4.0,
    )
    services = world.router.services_running()
    at(world, tmp_path, "after stop_services", world.router.cut_network)
    operation_id = world.start()
    world.advance(operation_id)
    assert not world.router.services_running() >= services
    world.router.pass_time(LEASE_SECONDS + 5)
    eventually(lambda: world.router.services_running() >= services)
    world.router.restore_network()
    operation = world.settle(operation_id)
    assert operation.status is Status.SUCCESS, world.story(operation_id)
    untouched(world.router, services)


def test_a_lease_that_runs_out_at_the_moment_of_the_flash_has_one_winner(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    world = make_world(face.LowMemory(), switch_lease_seconds=LEASE_SECONDS)
    services = world.router.services_running()
    at(
        world,
        tmp_path,
        "before flash",
        lambda: world.router.pass_time(LEASE_SECONDS + 5),
    )
    operation = world.upgrade()
    if operation.status is Status.SUCCESS:
        assert world.router.flashes == 1
    else:
        assert operation.status is Status.FAILED
        assert "switch fired" in world.story(operation.id)
        assert world.router.flashes == 0
    assert not operation.owed
    untouched(world.router, services)
