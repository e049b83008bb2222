"""Packages that the image lacks are not lost unless somebody says so."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from application.commands.operations import retry_operation, start_upgrade
from domain.catalogue import Build, FirmwareImage, ManifestAttached
from domain.operation.words import Status
from tests.contract.routers import simulated_router
from tests.procedure.world import World

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A router with a package that the manifest of the image does not name."""
    with simulated_router(packages=("luci", "tcpdump")) as router:
        world = World(tmp_path, router)
        _attach_manifest(world)
        yield world
        world.close()


def _attach_manifest(world: World) -> None:
    log = world.flashlog.log
    facts = log.get(FirmwareImage, world.image_id).facts
    build = log.get(Build, facts.build_id)
    build.attach(ManifestAttached(target=facts.target, packages={"luci": "1"}))
    world.flashlog.show(log.append(build))


def test_a_single_upgrade_that_would_lose_packages_is_aborted_and_names_them(
    world: World,
) -> None:
    operation = world.upgrade()
    assert operation.status is Status.ABORTED
    assert "tcpdump" in world.last(operation.id)
    assert "luci" not in world.last(operation.id)
    assert world.router.flashes == 0


def test_it_goes_on_where_they_are_called_expendable_and_so_does_its_retry(
    world: World,
) -> None:
    first = start_upgrade(
        world.flashlog,
        device_id=world.device_id,
        image_id=world.image_id,
        expendable_packages=["tcpdump"],
    )
    operation = world.operation(first)
    operation.abort("not now")
    world.flashlog.show(world.flashlog.log.append(operation))
    again = retry_operation(world.flashlog, operation_id=first)
    assert world.settle(again).status is Status.SUCCESS, world.story(again)


def test_with_the_whole_overlay_kept_nothing_is_lost(world: World) -> None:
    operation_id = world.start(o=True)
    world.advance(operation_id)
    assert world.operation(operation_id).has_begun_flash
