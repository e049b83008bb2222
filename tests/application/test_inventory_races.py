"""Two who want the same thing at the same moment: one gets it, always."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest

from application.commands.automatic_firmware import note_firmware_of
from application.commands.connections import ConnectionFacts, add_connection
from application.commands.device_changes import change_device
from application.commands.device_groups import (
    GroupDescription,
    create_group,
    delete_group,
)
from application.commands.device_lifecycle import deactivate_device, delete_device
from application.commands.devices import (
    NewCredentials,
    NewDevice,
    add_credentials,
    add_device,
)
from application.commands.operations import start_upgrade
from application.errors import DomainError
from application.flashlog import Flashlog
from domain.device.device import Device
from domain.device_group import DeviceGroup
from domain.errors import InvalidError
from domain.operation.operation import UpgradeOperation
from domain.organization import DEFAULT_ORGANIZATION_ID
from tests.application.houses import a_device, an_image, opened

ROUNDS = 12


@pytest.fixture
def flashlog(tmp_path: Path) -> Iterator[Flashlog]:
    with opened(tmp_path) as flashlog:
        yield flashlog


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Do all of it at the same moment; errors that a person is told are results."""
    barrier = Barrier(len(acts))

    def act(which: Callable[[], Any]) -> Any:
        barrier.wait(timeout=60)
        try:
            return which()
        except DomainError as error:
            return error

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(act, acts))


def numbered(number: int, **changes: Any) -> NewDevice:
    said = {
        "name": f"ap-{number}",
        "mac_address": f"02:00:00:00:00:{number:02x}",
        "addresses": ("10.0.0.7",),
    }
    return NewDevice(**(said | changes))


def failures(results: list[Any]) -> list[Any]:
    return [each for each in results if isinstance(each, DomainError)]


@pytest.mark.parametrize(
    "shared",
    [
        {"name": "same"},
        {"mac_address": "02:00:00:00:00:FF"},
        {"key": "the-same-key"},
    ],
    ids=["name", "mac", "key"],
)
def test_one_of_many_gets_a_name(flashlog: Flashlog, shared: dict[str, str]) -> None:
    results = at_once(
        *(
            lambda number=number: add_device(flashlog, numbered(number, **shared))
            for number in range(6)
        )
    )
    refused = failures(results)
    assert len(refused) == 5
    assert all(isinstance(each, InvalidError) for each in refused)
    assert len(flashlog.views.all("device")) == 1


def test_one_of_two_gets_a_name_that_both_change_to(flashlog: Flashlog) -> None:
    for number in range(0, ROUNDS, 2):
        ids = [add_device(flashlog, numbered(number + each)) for each in (0, 1)]
        wanted = {"name": f"wanted-{number}"}
        results = at_once(
            *(partial(change_device, flashlog, device_id, wanted) for device_id in ids)
        )
        assert len(failures(results)) == 1
    names = [row["name"] for row in flashlog.views.all("device")]
    assert len(names) == len({name.casefold() for name in names})


def test_credentials_are_assigned_once(flashlog: Flashlog) -> None:
    device_id = a_device(flashlog, credentials_ids=())
    credentials_id = add_credentials(flashlog, NewCredentials(password="secret"))
    facts = ConnectionFacts(credentials_id=credentials_id)
    results = at_once(*[lambda: add_connection(flashlog, device_id, facts)] * 4)
    assert len(failures(results)) == 3
    assert len(flashlog.log.get(Device, device_id).connections) == 1


def test_no_device_is_left_in_a_group_that_is_gone(flashlog: Flashlog) -> None:
    for number in range(ROUNDS):
        device_id = add_device(flashlog, numbered(number))
        said = GroupDescription(
            name=f"g-{number}", organization_id=DEFAULT_ORGANIZATION_ID
        )
        group_id = create_group(flashlog, said)
        at_once(
            partial(delete_group, flashlog, group_id),
            partial(change_device, flashlog, device_id, {"group_id": group_id}),
        )
        assert flashlog.log.find(DeviceGroup, group_id) is None
        assert flashlog.log.get(Device, device_id).group_id is None


def test_a_device_is_deleted_or_upgraded_never_both(flashlog: Flashlog) -> None:
    image_id = an_image(flashlog)
    for number in range(ROUNDS):
        login = add_credentials(flashlog, NewCredentials(password="secret"))
        new = numbered(number, credentials_ids=(login,))
        device_id = add_device(flashlog, new)

        def remove(device_id: UUID = device_id) -> None:
            deactivate_device(flashlog, device_id)
            delete_device(flashlog, device_id)

        started, _ = at_once(
            partial(start_upgrade, flashlog, device_id=device_id, image_id=image_id),
            remove,
        )
        if isinstance(started, UUID):
            assert flashlog.log.find(Device, device_id) is not None
            assert not flashlog.log.get(UpgradeOperation, started).has_ended
        with suppress(DomainError):
            note_firmware_of(flashlog, device_id)


def test_an_id_is_given_once(flashlog: Flashlog) -> None:
    device_id = uuid4()
    results = at_once(
        *(
            lambda number=number: add_device(
                flashlog, numbered(number, device_id=device_id)
            )
            for number in range(4)
        )
    )
    assert len(failures(results)) == 3
