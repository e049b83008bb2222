"""Who a mass upgrade of a build would upgrade, who is skipped and why.

What is shown before a start and what a start then freezes is the same selection.
Ids stay texts, as the read models have them: most of them are only shown.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from uuid import UUID

import msgspec

from application.access import Account, Condition
from application.projections.views import Row, Views
from application.queries.matching import Fitting, images_of_build
from domain.batch.words import Target

_DEVICE = (
    "device.id, device.name, device.firmware_id, device.is_active, device.installed,"
    " device.model, device.learned_model, device.board, device.packages,"
    " EXISTS (SELECT 1 FROM connection WHERE connection.parent_id = device.id"
    " AND connection.enabled = 1) AS can_connect,"
    " CASE WHEN last.status = 'in-progress' OR last.owed <> '' THEN 1 ELSE 0 END"
    " AS is_busy"
)
_NO_PACKAGES = "[]"

# Which of some packages (a list in JSON) an image lacks, by the image's id.
Lacking = Callable[[str, str], Sequence[str]]


def _lacks_nothing(image_id: str, packages: str) -> Sequence[str]:
    return ()


_LAST = " LEFT JOIN operation AS last ON last.id = device.operation_id"


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """A device that would be upgraded.

    `warning` says why its operation would be aborted at once, as things are; often
    blank. `lost` are the installed packages because of which it would.
    """

    device_id: str
    name: str
    firmware_id: str | None
    image_id: str
    warning: str = ""
    lost: Sequence[str] = ()


class Skipped(msgspec.Struct, frozen=True, kw_only=True):
    """A device that a person may expect to be upgraded, and why it would not be."""

    device_id: str
    name: str
    reason: str


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Devices with firmware of the category, and without any; newest first."""

    related: Sequence[Chosen]
    firmwareless: Sequence[Chosen]
    skipped: Sequence[Skipped]

    def chosen(self, *, upgrade_all: bool) -> list[Chosen]:
        return [*self.related, *(self.firmwareless if upgrade_all else ())]

    def targets(self, *, upgrade_all: bool) -> list[Target]:
        chosen = self.chosen(upgrade_all=upgrade_all)
        pairs = [(each.device_id, each.image_id) for each in chosen]
        return msgspec.convert(pairs, list[Target])

    def mark(self, *, upgrade_all: bool) -> str:
        """Return what tells these devices, each with its image, from any others."""
        chosen = self.chosen(upgrade_all=upgrade_all)
        pairs = sorted((each.device_id, each.image_id) for each in chosen)
        return hashlib.sha256(msgspec.json.encode(pairs)).hexdigest()


def select(
    views: Views,
    account: Account,
    build: Row,
    *,
    group_id: UUID | None = None,
    location_id: UUID | None = None,
    lacking: Lacking = _lacks_nothing,
) -> Selection:
    """Select for a row of the builds, with `organization_id` of its category."""
    conditions = [
        account.seen("device.organization_id", shared=False),
        *_equal("device.organization_id", build["organization_id"]),
        *_equal("device.group_id", group_id),
        *_equal("device.location_id", location_id),
    ]
    related: list[Chosen] = []
    firmwareless: list[Chosen] = []
    skipped: list[Skipped] = []
    for found in _related(views, build, conditions, lacking):
        _sort(found, related, skipped)
    for found in _firmwareless(views, build, conditions, lacking):
        _sort(found, firmwareless, skipped)
    return Selection(related=related, firmwareless=firmwareless, skipped=skipped)


_Found = Chosen | Skipped


def _sort(found: _Found, chosen: list[Chosen], skipped: list[Skipped]) -> None:
    if isinstance(found, Chosen):
        chosen.append(found)
    else:
        skipped.append(found)


def _related(
    views: Views, build: Row, conditions: Sequence[Condition], lacking: Lacking
) -> Iterator[_Found]:
    """Devices whose firmware is of the build's category."""
    rows = views.rows(
        "SELECT id, type FROM image WHERE build_id = ? ORDER BY position", [build["id"]]
    )
    by_type = {row["type"]: row["id"] for row in rows}
    where, values = _where(conditions)
    devices = views.rows(
        f"SELECT {_DEVICE}, current.type, current.build_id FROM device"  # noqa: S608
        " JOIN image AS current ON current.id = device.image_id"
        " JOIN build ON build.id = current.build_id"
        f"{_LAST} WHERE build.category_id = ? AND {where}"
        " ORDER BY device.position DESC",
        [build["category_id"], *values],
    )
    for device in devices:
        image_id = by_type.get(device["type"])
        if not device["is_active"]:
            yield _skipped(device, "the device is deactivated")
        elif device["installed"] and device["build_id"] == build["id"]:
            yield _skipped(device, "it runs this build already")
        elif image_id is None:
            reason = f"the build has no image of its type ({device['type']})"
            yield _skipped(device, reason)
        else:
            yield _chosen(device, image_id, lacking)


def _firmwareless(
    views: Views, build: Row, conditions: Sequence[Condition], lacking: Lacking
) -> Iterator[_Found]:
    """Devices without any firmware."""
    fitting = Fitting(images_of_build(views, UUID(build["id"])))
    where, values = _where(conditions)
    devices = views.rows(
        f"SELECT {_DEVICE} FROM device{_LAST}"  # noqa: S608
        f" WHERE device.image_id IS NULL AND {where} ORDER BY device.position DESC",
        values,
    )
    for device in devices:
        images = fitting.of_row(device)
        if not device["is_active"]:
            yield _skipped(device, "the device is deactivated")
        elif not images:
            model = device["board"] or device["model"] or "unknown"
            yield _skipped(device, f"no image of the build is for its model ({model})")
        else:
            yield _chosen(device, str(images[0].image_id), lacking)


def _chosen(device: Row, image_id: str, lacking: Lacking) -> Chosen:
    lost: Sequence[str] = ()
    if device["packages"] != _NO_PACKAGES:
        lost = lacking(image_id, device["packages"])
    return Chosen(
        device_id=device["id"],
        name=device["name"],
        firmware_id=device["firmware_id"],
        image_id=image_id,
        warning=_warning(device, lost),
        lost=lost,
    )


def _warning(device: Row, lost: Sequence[str]) -> str:
    if not device["can_connect"]:
        return "the device has no enabled connection"
    if device["is_busy"]:
        return "another operation has the device"
    names = ", ".join(lost)
    return f"the image lacks packages that are installed: {names}" if lost else ""


def _skipped(device: Row, reason: str) -> Skipped:
    return Skipped(device_id=device["id"], name=device["name"], reason=reason)


def _equal(column: str, value: UUID | str | None) -> list[Condition]:
    return [Condition(f"{column} = ?", (str(value),))] if value else []


def _where(conditions: Sequence[Condition]) -> tuple[str, list[str]]:
    text = " AND ".join(each.text for each in conditions)
    return text, [value for each in conditions for value in each.values]
