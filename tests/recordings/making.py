"""Upgrades a simulated router, and records it; also writes the files of this folder.

`python -m tests.recordings.making` writes those again, for who has changed what is
said to routers. A recording of a router in the field stays as it was made.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from application.recordings.operation_file import recorded_operation
from application.simulation import Fleet
from application.simulation.faults import CorruptImage, LowMemory
from application.simulation.setup import Setup
from domain.device.device import Device
from domain.operation.words import Status
from tests.contract.routers import Adapted
from tests.domain import examples
from tests.fleet.cases import GOOD, Case
from tests.fleet.town import SETUP
from tests.procedure.world import NEW_RELEASE, NEW_REVISION, World
from tests.routers.images import build_image

HERE = Path(__file__).parent
_CASES = {
    "success": GOOD,
    "low-memory": Case(
        name="too little memory",
        verdict=Status.ABORTED,
        faults=[LowMemory(recoverable=False)],
    ),
    "image-refused": Case(
        name="a refused image", verdict=Status.ABORTED, faults=[CorruptImage()]
    ),
}
_IMAGE_BYTES = 256 * 1024


class Recorded(NamedTuple):
    """What was recorded of an upgrade, how it ended, and the image it was about."""

    status: str
    lines: list[bytes]
    image: bytes


def record(directory: Path, router: Adapted, case: Case, **settings: Any) -> Recorded:
    """Upgrade a router of a fleet that has the faults of a case."""
    facts = router.facts()
    image = build_image(
        facts.board,
        NEW_RELEASE,
        NEW_REVISION,
        size=_IMAGE_BYTES,
        target=facts.target,
    )
    world = World(directory, router, image=image, **settings)
    if case.knows_key:
        device = world.flashlog.log.get(Device, world.device_id)
        device.pin_host_key(examples.KEY)
        world.flashlog.log.append(device)
    router._router.inject(*case.faults)
    operation = world.upgrade()
    lines = list(recorded_operation(world.flashlog, operation.id))
    world.close()
    return Recorded(operation.status, lines, image)


if __name__ == "__main__":
    for name, case in _CASES.items():
        with Fleet([Setup(**SETUP)]) as fleet, TemporaryDirectory() as directory:
            recorded = record(Path(directory), Adapted(fleet.routers[0]), case)
        (HERE / f"{name}.jsonl").write_bytes(b"".join(recorded.lines))
