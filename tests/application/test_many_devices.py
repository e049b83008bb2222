"""What a crash leaves of a change to many devices, the same change finishes."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from application.commands import many_devices
from application.commands.credentials import (
    CredentialsFacts,
    change_credentials,
    create_credentials,
    delete_credentials,
)
from application.commands.device_groups import (
    GroupDescription,
    create_group,
    delete_group,
)
from application.commands.devices import NewDevice, add_device
from application.commands.locations import Place, create_location, delete_location
from application.commands.log_in_parameters import read_log_in
from application.flashlog import Flashlog
from domain.device.device import Device
from domain.organization import DEFAULT_ORGANIZATION_ID
from tests.application.houses import opened

OWN = DEFAULT_ORGANIZATION_ID
DEVICES = 5


class KilledError(BaseException):
    """The process is gone."""


@pytest.fixture
def flashlog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flashlog]:
    monkeypatch.setattr(many_devices, "_CHUNK", 2)
    with opened(tmp_path) as flashlog:
        yield flashlog


def registered(flashlog: Flashlog, **said: Any) -> None:
    for number in range(DEVICES):
        mac_address = f"02:00:00:00:00:{number:02x}"
        new = NewDevice(name=f"ap-{number}", mac_address=mac_address, **said)
        add_device(flashlog, new)


def credentials_facts(*, auto_add: bool) -> CredentialsFacts:
    return CredentialsFacts(
        name="c",
        organization_id=OWN,
        auto_add=auto_add,
        log_in=read_log_in({"username": "root", "password": "secret"}),
    )


def a_group_goes(flashlog: Flashlog) -> Callable[[], object]:
    said = GroupDescription(name="g", organization_id=OWN)
    group_id = create_group(flashlog, said)
    registered(flashlog, group_id=group_id)
    return lambda: delete_group(flashlog, group_id)


def a_location_goes(flashlog: Flashlog) -> Callable[[], object]:
    location_id = create_location(flashlog, Place(name="l", organization_id=OWN))
    registered(flashlog, location_id=location_id)
    return lambda: delete_location(flashlog, location_id)


def credentials_go(flashlog: Flashlog) -> Callable[[], object]:
    credentials_id = create_credentials(flashlog, credentials_facts(auto_add=True))
    registered(flashlog)
    return lambda: delete_credentials(flashlog, credentials_id)


def credentials_come(flashlog: Flashlog) -> Callable[[], object]:
    credentials_id = create_credentials(flashlog, credentials_facts(auto_add=False))
    registered(flashlog)
    facts = credentials_facts(auto_add=True)
    return lambda: change_credentials(flashlog, credentials_id, facts)


@pytest.mark.parametrize(
    "given", [a_group_goes, a_location_goes, credentials_go, credentials_come]
)
def test_a_repeat_finishes_what_a_crash_has_left(
    flashlog: Flashlog,
    monkeypatch: pytest.MonkeyPatch,
    given: Callable[[Flashlog], Callable[[], object]],
) -> None:
    change = given(flashlog)
    before = states(flashlog)
    saved: list[Any] = []
    append = flashlog.log.append

    def append_once(*aggregates: Any, **others: Any) -> int:
        if isinstance(aggregates[0], Device):
            if saved:
                raise KilledError
            saved.append(aggregates)
        return append(*aggregates, **others)

    with monkeypatch.context() as dying:
        dying.setattr(flashlog.log, "append", append_once)
        with pytest.raises(KilledError):
            change()
    flashlog.show(flashlog.log.end())
    assert len(set(states(flashlog))) > 1

    change()

    after = set(states(flashlog))
    assert len(after) == 1
    assert not after & set(before)


def states(flashlog: Flashlog) -> list[tuple[int, bool]]:
    """Return of every device how many log-ins it has, and if it is anywhere."""
    ids = [UUID(row["id"]) for row in flashlog.views.all("device")]
    devices = [flashlog.log.get(Device, each) for each in ids]
    return [
        (len(each.connections), bool(each.group_id or each.location_id))
        for each in devices
    ]
