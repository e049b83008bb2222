"""Routers and firmware of this machine's installation."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from uuid import UUID

import msgspec

from application.adapters.image_store import chunks_of
from application.commands.confirmation import reasons_to_confirm
from application.commands.device_changes import change_device
from application.commands.images import NewImage, add_image, find_image
from application.commands.organizations import find_organization
from application.errors import DomainError, NotFoundError, StorageError
from application.flashlog import Flashlog
from application.procedure.check import CheckReport, check_device
from application.queries.devices import select_devices
from application.queries.finding_batches import find_build, find_place
from application.queries.finding_devices import find_device
from application.queries.folding import folded
from application.queries.history import device_history
from application.read_only_visits import ReadOnlyVisits
from web.cli.installation.ports import ImagePlace, Row
from web.cli.installation.remote_finding import as_id

_VISITED_AT_ONCE = 16
_LOOK_SECONDS = 0.1
# Whose visits they are matters where several ask for some.
_NOBODY_ELSE = UUID(int=0)
_JSON_COLUMNS = ("addresses", "connections", "jumps", "packages")


class LocalInventory:
    """Answers from the read models."""

    def __init__(self, flashlog: Flashlog, who: Callable[[], UUID]) -> None:
        self._flashlog = flashlog
        self._who = who

    def find_device(self, text: str) -> UUID:
        return find_device(self._flashlog, text)

    def find_group(self, text: str) -> UUID:
        return find_place(self._flashlog, "device_group", text)

    def find_location(self, text: str) -> UUID:
        return find_place(self._flashlog, "location", text)

    def find_image(self, text: str) -> UUID:
        return find_image(self._flashlog, text)

    def find_build(self, text: str) -> UUID:
        return find_build(self._flashlog, text)

    def device_names(self, beginning: str, *, limit: int) -> Sequence[str]:
        rows = self._flashlog.views.rows(
            "SELECT name FROM device WHERE substr(lower(name), 1, length(?1)) = ?1"
            " ORDER BY name LIMIT ?2",
            [folded(beginning), limit],
        )
        return [row["name"] for row in rows]

    def active_devices(
        self, *, group: str | None, location: str | None
    ) -> Sequence[UUID]:
        return select_devices(self._flashlog.views, group=group, location=location)

    def visit(self, device_ids: Sequence[UUID]) -> Iterator[CheckReport]:
        # Who is interrupted does not wait for a router.
        visits = ReadOnlyVisits(
            self._visited, at_once_max=_VISITED_AT_ONCE, waiting_max=len(device_ids)
        )
        at = self._flashlog.clock.now()
        asked = visits.begin(device_ids, by=_NOBODY_ELSE, at=at)
        for device_id in device_ids:
            while device_id not in asked.reports:
                visits.wait(asked, limit_seconds=_LOOK_SECONDS)
            yield asked.reports[device_id]

    def history(self, device_id: UUID) -> Sequence[Row]:
        told = device_history(self._flashlog, device_id)
        return [msgspec.to_builtins(each) for each in told]

    def devices(self) -> Sequence[Row]:
        rows = sorted(self._flashlog.views.all("device"), key=lambda row: row["name"])
        return list(map(_device, rows))

    def device(self, device_id: UUID) -> Row:
        return device_row(self._flashlog, device_id)

    def change_device(self, device_id: UUID, changes: Mapping[str, str]) -> None:
        change_device(self._flashlog, device_id, changes, by=self._who())

    def images(self) -> Sequence[Row]:
        return image_rows(self._flashlog)

    def builds(self) -> Sequence[Row]:
        rows = self._flashlog.views.rows(
            "SELECT build.id, category.name AS category, build.version, build.os,"
            " build.health_checks,"
            " organization.slug AS organization, build.created,"
            " (SELECT count(*) FROM image WHERE build_id = build.id) AS images"
            " FROM build JOIN category ON category.id = build.category_id"
            " LEFT JOIN organization ON organization.id = category.organization_id"
            " ORDER BY build.position DESC"
        )
        return [
            row | {"health_checks": json.loads(row["health_checks"])} for row in rows
        ]

    def build_version(self, build_id: UUID) -> str:
        row = self._flashlog.views.one("build", str(build_id))
        return str(row["version"]) if row else ""

    def image(self, image_id: UUID) -> Row:
        return image_row(self._flashlog, image_id)

    def add_image(
        self, path: Path, place: ImagePlace, told: Callable[[int, int], None]
    ) -> Row:
        new = NewImage(
            file_name=path.name,
            category=place.category,
            version=place.version,
            boards=place.boards,
            health_checks=place.health_checks,
        )
        if place.organization is not None:
            owner = as_id(place.organization)
            owner = owner or find_organization(self._flashlog, place.organization)
            new = msgspec.structs.replace(new, organization_id=owner)
        with path.open("rb") as file:
            added = add_image(self._flashlog, new, chunks_of(file), by=self._who())
        return image_row(self._flashlog, added)

    def image_place(self, device_id: UUID) -> ImagePlace:
        row = device_row(self._flashlog, device_id)
        return ImagePlace(organization=row["organization_id"])

    def reasons_to_confirm(
        self, *, device_id: UUID, image_id: UUID, options: Row
    ) -> Sequence[str]:
        return reasons_to_confirm(
            self._flashlog, device_id=device_id, image_id=image_id, options=options
        )

    def _visited(self, device_id: UUID) -> CheckReport:
        """Visit one of many: what is wrong with it is its own trouble."""
        try:
            return check_device(self._flashlog, device_id)
        except (DomainError, StorageError) as error:
            row = self._flashlog.views.one("device", str(device_id))
            name = row["name"] if row else str(device_id)
            return CheckReport(device_id=device_id, name=name, trouble=str(error))


def device_row(flashlog: Flashlog, device_id: UUID) -> Row:
    """Return one device and how to log in to it. Raises NotFoundError."""
    row = flashlog.views.one("device", str(device_id))
    if row is None:
        msg = f"the device {device_id} is not shown yet: try again"
        raise NotFoundError(msg)
    device = _device(row)
    ways = [each["credentials_id"] for each in device["connections"]]
    known = [flashlog.views.one("credentials", way) for way in ways]
    names = [f"{each['username']} at port {each['port']}" for each in known if each]
    return device | {"log_ins": names}


def image_rows(flashlog: Flashlog, image_id: UUID | None = None) -> list[Row]:
    """Return all images, or one, with the names of where they are."""
    rows = flashlog.views.rows(
        "SELECT image.*, build.version AS version, category.name AS category"
        " FROM image JOIN build ON build.id = image.build_id"
        " JOIN category ON category.id = build.category_id"
        " WHERE CAST(?1 AS TEXT) IS NULL OR image.id = ?1 ORDER BY image.position DESC",
        [str(image_id) if image_id else None],
    )
    return [row | {"boards": json.loads(row["boards"])} for row in rows]


def image_row(flashlog: Flashlog, image_id: UUID) -> Row:
    """Return one image. Raises NotFoundError."""
    rows = image_rows(flashlog, image_id)
    if not rows:
        msg = f"the image {image_id} is not shown yet: try again"
        raise NotFoundError(msg)
    return rows[0]


def _device(row: Row) -> Row:
    flags = {name: bool(row[name]) for name in ("is_active", "installed")}
    return row | flags | {name: json.loads(row[name]) for name in _JSON_COLUMNS}
