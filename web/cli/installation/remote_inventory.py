"""Routers and firmware as a service shows them."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from uuid import UUID

from application.commands.confirmation import reasons_of
from application.procedure.check import CheckReport
from web.cli.installation import remote_images, remote_visits
from web.cli.installation.ports import ImagePlace, Row
from web.cli.installation.remote_finding import as_id, only
from web.cli.remote.client import CONTROLLER, FIRMWARE, Client

_DEVICE, _IMAGE, _BUILD = (
    f"{CONTROLLER}/device/",
    f"{FIRMWARE}/image/",
    f"{FIRMWARE}/build/",
)
# The shortest beginning of a checksum that is looked for.
_SHA256_LENGTH_MIN = 8


class RemoteInventory:
    """Asks the lists of the service, narrowed as far as they can be."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def find_device(self, text: str) -> UUID:
        wanted = text.strip()
        if (device_id := as_id(wanted)) is not None:
            return UUID(self._client.get(f"{_DEVICE}{device_id}/")["id"])
        rows = list(self._client.pages(_DEVICE, address=wanted))
        mac = wanted.replace("-", ":").upper()
        rows += [
            row
            for row in self._client.pages(_DEVICE, name=wanted)
            if row["name"].lower() == wanted.lower()
        ]
        if mac.count(":"):
            found = self._client.pages(_DEVICE, mac_address=mac)
            rows += [row for row in found if row["mac_address"] == mac]
        return only(rows, text, kind="device")

    def find_group(self, text: str) -> UUID:
        return self._named("group", text)

    def find_location(self, text: str) -> UUID:
        return self._named("location", text)

    def find_image(self, text: str) -> UUID:
        wanted = text.strip()
        rows: list[Row] = []
        if (image_id := as_id(wanted)) is not None:
            rows += self._client.pages(_IMAGE, id__startswith=image_id)
        elif len(wanted) >= _SHA256_LENGTH_MIN:
            rows += self._client.pages(_IMAGE, sha256__startswith=wanted)
        rows += self._client.pages(_IMAGE, file_name=wanted)
        rows += self._client.pages(_IMAGE, version=wanted)
        rows += self._client.pages(_IMAGE, release=wanted)
        return only(rows, text, kind="image", label="file_name")

    def find_build(self, text: str) -> UUID:
        wanted = text.strip()
        if (build_id := as_id(wanted)) is not None:
            return UUID(self._client.get(f"{_BUILD}{build_id}/")["id"])
        rows = list(self._client.pages(_BUILD, version=wanted))
        category, slash, version = wanted.rpartition("/")
        if slash:
            rows += [
                row
                for row in self._client.pages(_BUILD, version=version)
                if _category(row).lower() == category.lower()
            ]
        found = [row | {"name": f"{_category(row)}/{row['version']}"} for row in rows]
        return only(found, text, kind="build")

    def device_names(self, beginning: str, *, limit: int) -> Sequence[str]:
        rows = self._client.pages(_DEVICE, limit=limit, name=beginning or None)
        names = (str(row["name"]) for row in rows)
        wanted = beginning.lower()
        return sorted(name for name in names if name.lower().startswith(wanted))

    def active_devices(
        self, *, group: str | None, location: str | None
    ) -> Sequence[UUID]:
        rows = self._client.pages(
            _DEVICE,
            group=self.find_group(group) if group else None,
            location=self.find_location(location) if location else None,
        )
        active = [(row["name"], row["id"]) for row in rows if row["is_active"]]
        return [UUID(device_id) for _, device_id in sorted(active)]

    def visit(self, device_ids: Sequence[UUID]) -> Iterator[CheckReport]:
        return remote_visits.visit(self._client, device_ids)

    def history(self, device_id: UUID) -> Sequence[Row]:
        return remote_visits.history(self._client, device_id)

    def devices(self) -> Sequence[Row]:
        rows = map(_device, self._client.pages(_DEVICE))
        return sorted(rows, key=lambda row: str(row["name"]))

    def device(self, device_id: UUID) -> Row:
        row = self._client.get(f"{_DEVICE}{device_id}/")
        row.pop("key", None)
        return _device(row)

    def change_device(self, device_id: UUID, changes: Mapping[str, str]) -> None:
        self._client.change(f"{_DEVICE}{device_id}/", changes)

    def images(self) -> Sequence[Row]:
        return list(self._client.pages(_IMAGE))

    def builds(self) -> Sequence[Row]:
        slugs = remote_images.organizations(self._client)
        images = Counter(row["build"] for row in self._client.pages(_IMAGE))
        return [
            {
                "id": row["id"],
                "category": _category(row),
                "version": row["version"],
                "os": row["os"],
                "health_checks": row["health_checks"],
                "organization": slugs.get(owner, owner) if owner else None,
                "created": row["created"],
                "images": images[row["id"]],
            }
            for row in self._client.pages(_BUILD)
            for owner in (row["category_relation"]["organization"],)
        ]

    def build_version(self, build_id: UUID) -> str:
        return str(self._client.get(f"{_BUILD}{build_id}/")["version"])

    def image(self, image_id: UUID) -> Row:
        rows: Iterator[Row] = self._client.pages(_IMAGE, id__startswith=image_id)
        return next(row for row in rows if row["id"] == str(image_id))

    def add_image(
        self, path: Path, place: ImagePlace, told: Callable[[int, int], None]
    ) -> Row:
        return remote_images.add_image(self._client, path, place, told)

    def image_place(self, device_id: UUID) -> ImagePlace:
        return remote_images.image_place(self._client, device_id)

    def reasons_to_confirm(
        self, *, device_id: UUID, image_id: UUID, options: Row
    ) -> Sequence[str]:
        device = self._client.get(f"{_DEVICE}{device_id}/")
        image = self.image(image_id)
        known = bool(device["release"] or device["revision"])
        return reasons_of(
            options,
            running=(device["release"], device["revision"]) if known else None,
            wanted=(image["release"], image["revision"]),
        )

    def _named(self, kind: str, text: str) -> UUID:
        wanted = text.strip().lower()
        rows: Iterator[Row] = self._client.pages(f"{CONTROLLER}/{kind}/")
        fitting = [r for r in rows if wanted in {r["id"], r["name"].lower()}]
        return only(fitting, text, kind=kind)


def _device(row: Row) -> Row:
    return row | {"mac_address": row["mac_address"].lower()}


def _category(build: Row) -> str:
    return str(build["category_relation"]["name"])
