"""Several log-ins for one router: what is learned of them, and their order."""

from uuid import UUID, uuid4

from application.commands.devices import NewCredentials, add_credentials
from application.commands.reaching import change_addresses as move
from application.procedure.check import check_device
from domain.device.device import Device
from domain.device.words import Connection
from domain.operation import events
from domain.operation.words import Status
from tests.procedure.conftest import MakeWorld
from tests.procedure.world import World

REFUSED = "the log-in was refused"
NOWHERE = ("127.99.99.99",)


def device_of(world: World) -> Device:
    return world.flashlog.log.get(Device, world.device_id)


def right(world: World) -> UUID:
    return device_of(world).connections[-1].credentials_id


def add_wrong(world: World, *, replace: bool = False) -> UUID:
    """Give the router a log-in that it refuses, before the right one or instead."""
    login = NewCredentials(password="wrong", port=world.router.port)
    credentials_id = add_credentials(world.flashlog, login)
    device = device_of(world)
    wrong = Connection(connection_id=uuid4(), credentials_id=credentials_id)
    device.change_connections((wrong, *(() if replace else device.connections)))
    world.flashlog.show(world.flashlog.log.append(device))
    return credentials_id


def kinds(world: World) -> list[str]:
    story = world.flashlog.log.story(world.device_id)
    return [type(entry.event).__name__ for entry in story]


def test_the_log_in_that_worked_last_is_tried_first(make_world: MakeWorld) -> None:
    world = make_world()
    wrong = add_wrong(world)
    first = world.upgrade()
    assert first.status is Status.SUCCESS, world.story(first.id)
    assert f"Before, with credentials {wrong}: {REFUSED}" in world.story(first.id)
    log_ins = device_of(world).log_ins
    assert (log_ins[wrong].is_working, log_ins[wrong].reason) == (False, REFUSED)
    assert log_ins[right(world)].is_working

    again = world.upgrade()
    (connected,) = (
        event for event in world.events(again.id) if isinstance(event, events.Connected)
    )
    assert connected.credentials_id == right(world)
    assert not connected.refused
    # The second time it was no news.
    assert kinds(world).count("ConnectionsTried") == 1


def test_what_is_learned_of_log_ins_costs_no_append_of_its_own(
    make_world: MakeWorld,
) -> None:
    world = make_world()
    operation = world.upgrade()
    (tried,) = (
        entry
        for entry in world.flashlog.log.story(world.device_id)
        if type(entry.event).__name__ == "ConnectionsTried"
    )
    (connected,) = (
        entry
        for entry in world.flashlog.log.story(operation.id)
        if isinstance(entry.event, events.Connected)
    )
    assert tried.recorded_at == connected.recorded_at


def test_a_router_that_refuses_every_log_in_says_so_of_each(
    make_world: MakeWorld,
) -> None:
    world = make_world()
    wrong = add_wrong(world, replace=True)
    operation_id = world.start()
    world.advance(operation_id)
    assert world.names(operation_id)[-1] == "RetryScheduled"
    log_in = device_of(world).log_ins[wrong]
    assert (log_in.is_working, log_in.reason) == (False, REFUSED)
    world.advance(operation_id)
    assert kinds(world).count("ConnectionsTried") == 1


def test_a_router_that_does_not_answer_says_nothing_of_log_ins(
    make_world: MakeWorld,
) -> None:
    world = make_world()
    move(world.flashlog, device_id=world.device_id, addresses=NOWHERE)
    world.advance(world.start())
    assert not device_of(world).log_ins


def test_a_check_tells_which_log_ins_work(make_world: MakeWorld) -> None:
    world = make_world()
    wrong = add_wrong(world)
    assert check_device(world.flashlog, world.device_id).is_well
    log_ins = device_of(world).log_ins
    assert {each: log_ins[each].is_working for each in log_ins} == {
        wrong: False,
        right(world): True,
    }
    only_wrong = add_wrong(world, replace=True)
    assert REFUSED in check_device(world.flashlog, world.device_id).trouble
    assert not device_of(world).log_ins[only_wrong].is_working
