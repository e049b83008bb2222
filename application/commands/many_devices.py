"""The same change to many devices."""

from collections.abc import Callable, Sequence
from uuid import UUID

from application.flashlog import Flashlog
from domain.base import Aggregate
from domain.device.device import Device

# Devices whose stories are saved in one append.
_CHUNK = 200


def change_all(
    flashlog: Flashlog,
    device_ids: Sequence[UUID],
    change: Callable[[Device], Aggregate | None],
) -> None:
    """Change many devices, some hundreds in one append; those gone are left out.

    `change` returns what it depends on, if anything: that must not change meanwhile.
    A crash in between leaves the later ones as they were.
    """
    position = 0
    for start in range(0, len(device_ids), _CHUNK):
        some = device_ids[start : start + _CHUNK]

        def save(some: Sequence[UUID] = some) -> int:
            found = (flashlog.log.find(Device, device_id) for device_id in some)
            devices = [device for device in found if device is not None]
            needed = [each for each in map(change, devices) if each is not None]
            return flashlog.log.append(*devices, unchanged=needed)

        position = flashlog.log.decide(save)
    if position:
        flashlog.show(position)
