"""Which stories an answer depends on: told to a house, they make its rows."""

from collections.abc import Sequence
from uuid import UUID

from application.access import Account
from application.past.house import Fill, House
from application.projections.rows import moment
from application.projections.views import Row
from domain.catalogue import Build, FirmwareImage
from domain.operation.events import Started


def of_device(device_id: UUID) -> Fill:
    """Tell what a device was; its firmware is told from the log."""

    def fill(house: House) -> None:
        house.tell([device_id])

    return fill


def of_devices(account: Account) -> Fill:
    """Tell what all devices were that an account sees now, and where."""

    def fill(house: House) -> None:
        house.tell(_devices(house, account))
        for name in ("group", "location"):
            table = "device_group" if name == "group" else name
            then = house.views.rows(f"SELECT {name}_id AS id FROM device")  # noqa: S608
            # Also those without a device: somebody may ask for theirs.
            ids = [*then, *house.now.views.all(table)]
            house.tell([UUID(row["id"]) for row in ids if row["id"]])

    return fill


def of_operation(operation_id: UUID) -> Fill:
    """Tell what an operation was, and what it names."""

    def fill(house: House) -> None:
        story = house.log.story(operation_id, until=1)
        if not story or not isinstance(started := story[0].event, Started):
            return
        image = house.log.find(FirmwareImage, started.image_id)
        builds = [image.build_id] if image else []
        house.tell([started.device_id, started.image_id, *builds, operation_id])

    return fill


def of_batch(batch_id: UUID) -> Fill:
    """Tell what a batch was, with all of its operations."""

    def fill(house: House) -> None:
        _tell_batches(house, [batch_id])

    return fill


def of_batches(account: Account) -> Fill:
    """Tell what all batches were that an account sees, with what is counted of them."""

    def fill(house: House) -> None:
        seen = account.seen("organization_id", shared=True)
        batches = house.now.views.rows(
            f"SELECT id FROM batch WHERE {seen.text}",  # noqa: S608
            seen.values,
        )
        _tell_batches(house, [UUID(row["id"]) for row in batches])

    return fill


def _tell_batches(house: House, batch_ids: Sequence[UUID]) -> None:
    house.tell(batch_ids)
    named = ("build_id", "category_id", "group_id", "location_id")
    batches = house.views.all("batch")
    house.tell([UUID(row[name]) for row in batches for name in named if row[name]])
    images: list[UUID] = []
    for batch in batches:
        house.patience.require_more()
        begun = house.now.views.rows(
            "SELECT * FROM operation WHERE batch_id = ? AND position <= ?",
            [batch["id"], house.position],
        )
        taken, others = _taken_over(house, begun)
        house.take_operations(taken)
        first = house.tell([UUID(row["id"]) for row in others])
        started = (each.event for each in first)
        images += (each.image_id for each in started if isinstance(each, Started))
        images += (UUID(row["image_id"]) for row in taken)
    house.tell(images)


def _taken_over(house: House, rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """Return which rows are as they were then, and which must be told anew.

    Nothing has happened to an operation since it was changed last; only that its image
    was deleted is not in its story.
    """
    then = house.now.log.at([house.position])
    until = moment(then[0].recorded_at) if then else ""
    taken = [row for row in rows if row["modified"] < until and row["image_id"]]
    ids = {row["id"] for row in taken}
    return taken, [row for row in rows if row["id"] not in ids]


def of_fleet(account: Account) -> Fill:
    """Tell what all devices were that an account sees now, and what they ran."""

    def fill(house: House) -> None:
        house.tell(_devices(house, account))
        running = house.views.rows(
            "SELECT DISTINCT running_image_id AS id FROM device"
            " WHERE running_image_id IS NOT NULL"
        )
        image_ids = [UUID(row["id"]) for row in running]
        images = house.log.get_all(FirmwareImage, image_ids)
        build_ids = {each.build_id for each in images.values()}
        builds = house.log.get_all(Build, list(build_ids))
        categories = {each.category_id for each in builds.values()}
        house.tell([*image_ids, *build_ids, *categories])

    return fill


def _devices(house: House, account: Account) -> list[UUID]:
    """Return all that ever were of those whom an account sees now."""
    seen = account.seen("organization_id", shared=False)
    devices = house.now.views.rows(
        f"SELECT id FROM device_owner WHERE {seen.text}",  # noqa: S608
        seen.values,
    )
    return [UUID(row["id"]) for row in devices]
