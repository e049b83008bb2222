"""Which stories a page about a thing depends on, beyond what the interface answers."""

from uuid import UUID

from application.past.house import Fill, House
from domain.catalogue import Build, FirmwareImage
from domain.operation.events import Started


def of_device_with_upgrades(device_id: UUID) -> Fill:
    """Tell what a device was, with its upgrades, and what both name."""

    def fill(house: House) -> None:
        house.tell([device_id])
        operations = house.now.views.rows(
            "SELECT id FROM operation WHERE device_id = ?", [str(device_id)]
        )
        begun = house.tell([UUID(row["id"]) for row in operations])
        started = (each.event for each in begun)
        images = [each.image_id for each in started if isinstance(each, Started)]
        for row in house.views.all("device"):
            named = ("image_id", "running_image_id")
            images += [UUID(row[name]) for name in named if row[name]]
            groups = ("group_id", "location_id")
            house.tell([UUID(row[name]) for name in groups if row[name]])
        log_ins = house.views.rows("SELECT credentials_id AS id FROM connection")
        house.tell([UUID(row["id"]) for row in log_ins])
        _tell_images(house, images)

    return fill


def _tell_images(house: House, image_ids: list[UUID]) -> None:
    images = house.log.get_all(FirmwareImage, list(dict.fromkeys(image_ids)))
    build_ids = list({each.build_id for each in images.values()})
    builds = house.log.get_all(Build, build_ids)
    categories = {each.category_id for each in builds.values()}
    house.tell([*images, *build_ids, *categories])
