"""How a device is reached: its addresses, and the host key it must show."""

from uuid import UUID

from application.commands.device_checks import check_addresses, dialled
from application.flashlog import Flashlog
from domain.credentials import Credentials
from domain.device.device import Device
from domain.device.words import Jump, PinnedKey
from domain.known_host import KnownHost


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


def change_jumps(
    flashlog: Flashlog,
    device_id: UUID,
    jumps: tuple[Jump, ...],
    *,
    by: UUID | None = None,
) -> None:
    """Say which hosts lead to the router. Raises NotFoundError for credentials."""

    def change() -> int:
        device = flashlog.log.get(Device, device_id)
        ids = dict.fromkeys(jump.credentials_id for jump in jumps)
        needed = [flashlog.log.get(Credentials, each) for each in ids]
        device.change_jumps(jumps, by=by)
        return flashlog.log.append(device, unchanged=needed)

    flashlog.show(flashlog.log.decide(change))


def expect_agent(
    flashlog: Flashlog, device_id: UUID, uuid: UUID, *, by: UUID | None = None
) -> None:
    """Know the router by its agent's UUID from now on. Raises RefusedError."""

    def expect() -> int:
        device = flashlog.log.get(Device, device_id)
        device.expect_agent(uuid, by=by)
        return flashlog.log.append(device)

    flashlog.show(flashlog.log.decide(expect))


def release_host_key(
    flashlog: Flashlog, *, device_id: UUID, reason: str, by: UUID | None = None
) -> None:
    """Forget the pinned host key: the next one that is shown will be pinned."""

    def release() -> int:
        device = flashlog.log.get(Device, device_id)
        device.release_host_key(reason, by=by)
        return flashlog.log.append(device)

    flashlog.show(flashlog.log.decide(release))


def pin_host_key(
    flashlog: Flashlog, device_id: UUID, key: PinnedKey, *, by: UUID | None = None
) -> None:
    """Say which host key the router must show, where none is pinned yet."""

    def pin() -> int:
        device = flashlog.log.get(Device, device_id)
        if device.host_key is None:
            device.pin_host_key(key, by=by)
        return flashlog.log.append(device)

    flashlog.show(flashlog.log.decide(pin))


def pin_jump_host_key(
    flashlog: Flashlog,
    address: str,
    port: int,
    key: PinnedKey,
    *,
    by: UUID | None = None,
) -> None:
    """Say which host key a jump host must show, where none is pinned yet."""

    def pin() -> int:
        host = flashlog.log.get_or_new(KnownHost, KnownHost.id_of(address, port))
        if host.key is None:
            host.pin(address, port, key, by=by)
        return flashlog.log.append(host)

    flashlog.show(flashlog.log.decide(pin))
