"""Named things to test with, made by the same events as the real ones."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from application.commands.devices import (
    NewCredentials,
    NewDevice,
    add_credentials,
    add_device,
)
from application.commands.operations import start_upgrade
from application.flashlog import Flashlog
from domain.catalogue import (
    Build,
    BuildCreated,
    Category,
    CategoryCreated,
    FirmwareImage,
    ImageAdded,
)
from domain.device.device import Device
from domain.device.events import FirmwareInstalled
from domain.device.words import Learned
from domain.operation import events
from domain.operation.operation import UpgradeOperation
from domain.organization import DEFAULT_ORGANIZATION_ID, Organization

BOARD = "tplink,archer-c7-v2"
# The id of nothing; tests that are named by it have the same name each time.
NOBODY = UUID("00000000-0000-4000-8000-000000000000")
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def organization(flashlog: Flashlog, slug: str) -> UUID:
    founded = Organization.found(uuid4(), name=slug, slug=slug)
    flashlog.show(flashlog.log.append(founded))
    return founded.id


def category(
    flashlog: Flashlog, *, organization_id: UUID | None = DEFAULT_ORGANIZATION_ID
) -> UUID:
    made = Category.create(
        uuid4(), CategoryCreated(name="WiFi", organization_id=organization_id)
    )
    flashlog.show(flashlog.log.append(made))
    return made.id


def image(
    flashlog: Flashlog,
    *,
    category_id: UUID | None = None,
    board: str = BOARD,
    revision: str = "",
) -> UUID:
    build = Build.create(
        uuid4(),
        BuildCreated(category_id=category_id or category(flashlog), version="1.0"),
    )
    made = FirmwareImage.add(
        uuid4(),
        ImageAdded(
            build_id=build.id,
            file_name="image.bin",
            type="image.bin",
            sha256=uuid4().hex * 2,
            size_bytes=1,
            boards=(board,),
            revision=revision,
        ),
    )
    flashlog.show(flashlog.log.append(build, made))
    return made.id


def device(
    flashlog: Flashlog,
    *,
    organization_id: UUID = DEFAULT_ORGANIZATION_ID,
    has_connection: bool = True,
    model: str = BOARD,
) -> UUID:
    login = NewCredentials(password="secret")
    logins = []
    if has_connection:
        owner_id = organization_id
        logins = [add_credentials(flashlog, login, organization_id=owner_id)]
    number = uuid4().int
    octets = [f"{number >> shift & 255:02x}" for shift in (0, 8, 16, 24)]
    return add_device(
        flashlog,
        NewDevice(
            name=f"ap-{number & 0xFFFFFFFF:x}",
            mac_address=":".join(["02", "00", *octets]),
            model=model,
            # Nobody answers on this one.
            addresses=("127.0.0.1",),
            credentials_ids=tuple(logins),
            organization_id=organization_id,
        ),
    )


def seen_on(flashlog: Flashlog, device_id: UUID, board: str) -> None:
    router = flashlog.log.get(Device, device_id)
    router.learn(Learned(board=board, model="", release="23.05", revision="r1"))
    flashlog.show(flashlog.log.append(router))


def deactivated(flashlog: Flashlog, device_id: UUID) -> None:
    router = flashlog.log.get(Device, device_id)
    router.deactivate()
    flashlog.show(flashlog.log.append(router))


def installed(flashlog: Flashlog, operation_id: UUID) -> None:
    """Let an operation end well, with its image on the device."""
    operation = flashlog.log.get(UpgradeOperation, operation_id)
    router = flashlog.log.get(Device, operation.device_id)
    operation.record(events.ImageCompared(marker="m", revision="r1", installed=True))
    operation.succeed("it was there already")
    router.install(
        FirmwareInstalled(
            image_id=operation.image_id,
            operation_id=operation_id,
            release="23.05",
            revision="r1",
        )
    )
    flashlog.show(flashlog.log.append(operation, router))


def operation(flashlog: Flashlog) -> UUID:
    return start_upgrade(flashlog, device_id=device(flashlog), image_id=image(flashlog))


def note(flashlog: Flashlog, operation_id: UUID, *facts: events.OperationEvent) -> int:
    """Append one save to an operation's story; returns its position."""
    told = flashlog.log.get(UpgradeOperation, operation_id)
    told.record(*facts)
    return flashlog.log.append(told)


def connected() -> list[events.OperationEvent]:
    return [
        events.AttemptBegun(attempt=1),
        events.VisitBegun(visit=1, runner="test"),
        events.Connected(
            address="10.0.0.1",
            credentials_id=uuid4(),
            host_key_type="ssh-ed25519",
            host_key_fingerprint="SHA256:x",
        ),
    ]


def flashing() -> events.FlashBegun:
    return events.FlashBegun(command="sysupgrade -v -c", at=NOON, look_at=NOON)
