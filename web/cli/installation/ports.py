"""What commands ask of an installation, wherever it is.

Rows are what `--json` prints. This machine's installation may tell keys that a service
does not; those that commands read without asking twice are told by both. Everything
may raise NotFoundError, InvalidError, RefusedError and what `web.cli.exits` knows.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import msgspec

from application.commands.batches import Wish
from application.procedure.check import CheckReport
from application.watch import Moment
from web.cli.installation.past import Past

Row = dict[str, Any]


class ImagePlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where an image goes, and what is said of it; blanks are read from the file.

    `organization` is a slug or an id; None: the only one, or the one of the start.
    """

    category: str = "OpenWrt"
    version: str = ""
    organization: str | None = None
    boards: tuple[str, ...] = ()
    health_checks: tuple[str, ...] = ()


class Inventory(Protocol):
    """Routers and firmware; everything is found by what people call it."""

    def find_device(self, text: str) -> UUID:
        """Find by name, MAC address, address or id."""

    def find_group(self, text: str) -> UUID:
        """Find a group of devices by name or id."""

    def find_location(self, text: str) -> UUID:
        """Find by name or id."""

    def find_image(self, text: str) -> UUID:
        """Find by id, file name, version, release, or the first of its sha256."""

    def find_build(self, text: str) -> UUID:
        """Find by id, version, or category and version with a slash between."""

    def device_names(self, beginning: str, *, limit: int) -> Sequence[str]:
        """Return names of devices that begin like that, in either case."""

    def active_devices(
        self, *, group: str | None, location: str | None
    ) -> Sequence[UUID]:
        """Return those that are not deactivated, of a group and at a location."""

    def visit(self, device_ids: Sequence[UUID]) -> Iterator[CheckReport]:
        """Look at routers without changing them; told in the order they are named."""

    def history(self, device_id: UUID) -> Sequence[Row]:
        """Return what happened to a device, newest first."""

    def devices(self) -> Sequence[Row]:
        """Return all devices by name."""

    def device(self, device_id: UUID) -> Row:
        """Return what is known of a device without a visit."""

    def change_device(self, device_id: UUID, changes: Mapping[str, str]) -> None:
        """Change what is said of it, in the words of the interface."""

    def images(self) -> Sequence[Row]:
        """Return all images, newest first."""

    def builds(self) -> Sequence[Row]:
        """Return all builds, newest first."""

    def build_version(self, build_id: UUID) -> str:
        """Return what a build is called within its category."""

    def image(self, image_id: UUID) -> Row:
        """Return one image."""

    def add_image(
        self, path: Path, place: ImagePlace, told: Callable[[int, int], None]
    ) -> Row:
        """Judge a file and keep it; the same file in the same place is there once.

        `told` is called with the bytes that were sent and those there are.
        """

    def image_place(self, device_id: UUID) -> ImagePlace:
        """Return where images go that a device is to be upgraded to."""

    def reasons_to_confirm(
        self, *, device_id: UUID, image_id: UUID, options: Row
    ) -> Sequence[str]:
        """Say why an upgrade is dangerous, a sentence for each reason; often none."""


class Operations(Protocol):
    """Upgrades of single routers."""

    def find(self, text: str) -> UUID:
        """Find by id, or the beginning of it."""

    def list(
        self, *, device_id: UUID | None, status: str | None, limit: int
    ) -> Sequence[Row]:
        """Return operations, newest first."""

    def show(self, operation_id: UUID) -> Row:
        """Return one operation as it is now."""

    def story(self, operation_id: UUID) -> Sequence[Moment]:
        """Return everything that happened to it so far."""

    def follow(
        self, operation_id: UUID, *, works: bool = False
    ) -> Iterator[Moment | None]:
        """Tell it from its beginning until it is over; None: nothing happened.

        `works`: also do what is due, where no service does it.
        """

    def start(
        self,
        *,
        device_id: UUID,
        image_id: UUID,
        options: Row,
        expendable_packages: Sequence[str],
    ) -> UUID | None:
        """Start an upgrade; None where the image is installed already."""

    def cancel(self, operation_id: UUID) -> None:
        """Cancel before the flash, and wait a moment for what is given back."""

    def retry(self, operation_id: UUID) -> UUID:
        """Start it again; returns the new operation."""

    def resume(self, operation_id: UUID) -> None:
        """Let a held one go on."""


class Batches(Protocol):
    """Mass upgrades."""

    def find(self, text: str) -> UUID:
        """Find by id, or the beginning of it."""

    def list(self, *, status: str | None, limit: int) -> Sequence[Row]:
        """Return batches, newest first."""

    def show(self, batch_id: UUID) -> Row:
        """Return one batch as it is now."""

    def ended(self, batch_id: UUID, *, status: str, limit: int) -> Sequence[Row]:
        """Return operations that ended like that, the latest first."""

    def follow(self, batch_id: UUID, *, works: bool = False) -> Iterator[Row]:
        """Tell how it is, again and again, until it is over or nothing goes on.

        `works`: also do what is due, where no service does it.
        """

    def check(self, build_id: UUID, wish: Wish) -> Row:
        """Return who would be upgraded, who is skipped and why, as REST does."""

    def start(self, build_id: UUID, wish: Wish) -> UUID:
        """Start a mass upgrade."""

    def hold(self, batch_id: UUID, reason: str) -> None:
        """Let no further flash begin."""

    def resume(self, batch_id: UUID) -> None:
        """Let flashes begin again."""

    def cancel(self, batch_id: UUID) -> None:
        """Cancel all that still can be."""


class Installation(Protocol):
    """Everything that commands of operators need."""

    @property
    def inventory(self) -> Inventory: ...

    @property
    def operations(self) -> Operations: ...

    @property
    def batches(self) -> Batches: ...

    @property
    def past(self) -> Past: ...

    @property
    def is_worked(self) -> bool:
        """Whether somebody does what is due."""

    def close(self) -> None:
        """Give back what it opened."""


def goes_on(batch: Row) -> bool:
    """Whether a batch is worth watching: a held one only while routers reboot."""
    if batch["status"] not in {"idle", "in-progress"}:
        return False
    return not batch["held"] or batch["flashing"] > 0
