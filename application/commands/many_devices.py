"""The same change to many devices."""

from collections.abc import Callable, Sequence
from uuid import UUID

from application.flashlog import Flashlog
from domain.device.device import Device

# Devices whose stories are saved in one append.
_CHUNK = 200


def change_all(
    flashlog: Flashlog, device_ids: Sequence[UUID], change: Callable[[Device], None]
) -> None:
    """Change many devices, some hundreds in one append; those gone are left out."""
    position = 0
    for start in range(0, len(device_ids), _CHUNK):
        some = device_ids[start : start + _CHUNK]

        def save(some: Sequence[UUID] = some) -> int:
            found = (flashlog.log.find(Device, device_id) for device_id in some)
            devices = [device for device in found if device is not None]
            for device in devices:
                change(device)
            return flashlog.log.append(*devices)

        position = flashlog.log.decide(save)
    if position:
        flashlog.show(position)
