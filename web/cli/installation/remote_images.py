"""Firmware images of a service: added by their file, found again by its checksum."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import msgspec

from application.errors import NotFoundError, RefusedError
from web.cli.installation.ports import ImagePlace, Row
from web.cli.installation.remote_finding import as_id
from web.cli.remote.client import CONTROLLER, FIRMWARE, USERS, Client

_IMAGE, _BUILD = f"{FIRMWARE}/image/", f"{FIRMWARE}/build/"


def add_image(
    client: Client, path: Path, place: ImagePlace, told: Callable[[int, int], None]
) -> Row:
    """Send a file, unless the service has it there already."""
    organization = _organization_id(client, place.organization)
    if not place.health_checks and (known := _known(client, path, place, organization)):
        return known
    fields = {
        "category": place.category,
        "version": place.version,
        "organization": organization or "",
        "boards": _as_json(place.boards),
        "health_checks": _as_json(place.health_checks),
    }
    said = {name: value for name, value in fields.items() if value}
    row: Row = client.upload(_IMAGE, said, path, told)
    return row


def image_place(client: Client, device_id: UUID) -> ImagePlace:
    """Return that any category will do, of the device's organization."""
    device = client.get(f"{CONTROLLER}/device/{device_id}/")
    return ImagePlace(category="", organization=device["organization"])


def organizations(client: Client) -> dict[str, str]:
    """Return the slugs by id, of those that may be asked for."""
    try:
        rows = client.pages(f"{USERS}/organization/")
        return {row["id"]: row["slug"] for row in rows}
    except RefusedError:
        return {}


def _known(
    client: Client, path: Path, place: ImagePlace, organization: str | None
) -> Row | None:
    """Return the image that the file is already, where it is to go."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    row: Row
    for row in client.pages(_IMAGE, sha256__startswith=sha256):
        build = client.get(f"{_BUILD}{row['build']}/")
        owner = build["category_relation"]["organization"]
        is_theirs = owner == organization or (owner is None and not place.category)
        if is_theirs and _fits(row, place):
            return row
    return None


def _fits(row: Row, place: ImagePlace) -> bool:
    is_kind = row["category"].lower() == place.category.lower() or not place.category
    return is_kind and place.version in {"", row["version"]}


def _organization_id(client: Client, text: str | None) -> str | None:
    """Return the id of an organization that is meant. Raises NotFoundError."""
    if text is None or as_id(text):
        return text
    for organization_id, slug in organizations(client).items():
        if slug == text:
            return organization_id
    msg = f"the service shows you no organization {text!r}"
    raise NotFoundError(msg)


def _as_json(texts: tuple[str, ...]) -> str:
    return msgspec.json.encode(texts).decode() if texts else ""
