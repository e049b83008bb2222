"""How a device is reached: its addresses, and the host key it must show."""

from uuid import UUID

from application.commands.device_checks import check_addresses, dialled
from application.flashlog import Flashlog
from domain.device.device import Device


def change_addresses(
    flashlog: Flashlog,
    *,
    device_id: UUID,
    addresses: tuple[str, ...],
    by: UUID | None = None,
) -> None:
    """Say where the router is now; a running operation uses it at its next look."""
    check_addresses(addresses)
    management_ip, every = dialled(None, addresses)

    def change() -> int:
        device = flashlog.log.get(Device, device_id)
        device.change_addresses(every, management_ip=management_ip, by=by)
        return flashlog.log.append(device)

    flashlog.show(flashlog.log.decide(change))


def release_host_key(
    flashlog: Flashlog, *, device_id: UUID, reason: str, by: UUID | None = None
) -> None:
    """Forget the pinned host key: the next one that is shown will be pinned."""

    def release() -> int:
        device = flashlog.log.get(Device, device_id)
        device.release_host_key(reason, by=by)
        return flashlog.log.append(device)

    flashlog.show(flashlog.log.decide(release))
