"""Routers and firmware of this machine's installation."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import UUID

from application.adapters.image_store import chunks_of
from application.commands.confirmation import reasons_to_confirm
from application.commands.images import NewImage, add_image, find_image
from application.errors import NotFoundError
from application.flashlog import Flashlog
from application.procedure.check import check_device
from application.queries.finding_batches import find_build, find_place
from application.queries.finding_devices import find_device
from application.queries.folding import folded
from web.cli.installation.ports import Row

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

    def devices(self) -> Sequence[Row]:
        rows = sorted(self._flashlog.views.all("device"), key=lambda row: row["name"])
        return list(map(_device, rows))

    def device(self, device_id: UUID) -> Row:
        return device_row(self._flashlog, device_id)

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

    def image_of_file(self, path: Path) -> Row:
        new = NewImage(file_name=path.name)
        with path.open("rb") as file:
            added = add_image(self._flashlog, new, chunks_of(file), by=self._who())
        return image_row(self._flashlog, added)

    def look_first(self, device_id: UUID) -> str:
        report = check_device(self._flashlog, device_id)
        if report.facts is None or not report.is_well:
            return f"first visit: {report.trouble}"
        facts = report.facts
        return f"first visit: {facts.board}, {facts.release} {facts.revision}"

    def reasons_to_confirm(
        self, *, device_id: UUID, image_id: UUID, options: Row
    ) -> Sequence[str]:
        return reasons_to_confirm(
            self._flashlog, device_id=device_id, image_id=image_id, options=options
        )


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
        " WHERE ?1 IS NULL OR image.id = ?1 ORDER BY image.position DESC",
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
