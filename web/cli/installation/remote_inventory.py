"""Routers and firmware as a service shows them."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

from application.commands.confirmation import reasons_of
from application.errors import NotFoundError, RefusedError
from web.cli.installation.ports import Row
from web.cli.installation.remote_finding import as_id, only
from web.cli.remote.client import CONTROLLER, FIRMWARE, USERS, Client

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

    def devices(self) -> Sequence[Row]:
        rows = map(_device, self._client.pages(_DEVICE))
        return sorted(rows, key=lambda row: str(row["name"]))

    def device(self, device_id: UUID) -> Row:
        row = self._client.get(f"{_DEVICE}{device_id}/")
        row.pop("key", None)
        return _device(row)

    def images(self) -> Sequence[Row]:
        return list(self._client.pages(_IMAGE))

    def builds(self) -> Sequence[Row]:
        slugs = self._organizations()
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

    def image_of_file(self, path: Path) -> Row:
        """Find it by its checksum: to add one, a person has to choose a build."""
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        row: Row
        for row in self._client.pages(_IMAGE, limit=1, sha256__startswith=sha256):
            return row
        msg = (
            f"the service has no image that is {path.name} ({sha256[:12]}): add it "
            "there first, on its pages or with `flashlog image add` beside it"
        )
        raise NotFoundError(msg)

    def look_first(self, device_id: UUID) -> str:
        return (
            "the router was never visited, so a downgrade cannot be told: "
            "`flashlog device check` beside the service looks at it"
        )

    def reasons_to_confirm(
        self, *, device_id: UUID, image_id: UUID, options: Row
    ) -> Sequence[str]:
        device = self._client.get(f"{_DEVICE}{device_id}/")
        images = self._client.pages(_IMAGE, id__startswith=image_id)
        image = next(row for row in images if row["id"] == str(image_id))
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

    def _organizations(self) -> dict[str, str]:
        """Return the slugs by id, of those that may be asked for."""
        try:
            rows = self._client.pages(f"{USERS}/organization/")
            return {row["id"]: row["slug"] for row in rows}
        except RefusedError:
            return {}


def _device(row: Row) -> Row:
    return row | {"mac_address": row["mac_address"].lower()}


def _category(build: Row) -> str:
    return str(build["category_relation"]["name"])
