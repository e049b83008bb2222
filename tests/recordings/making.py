"""Upgrades a simulated router, and records it; also writes the files of this folder.

`python -m tests.recordings.making` writes those again, for who has changed what is
said to routers; `openwrt` is of the real router. A recording of a router in the field
stays as it was made.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from application.recordings.operation_file import recorded_operation
from application.simulation import Fleet
from application.simulation.faults import CorruptImage, LowMemory
from application.simulation.setup import Setup
from domain.device.device import Device
from domain.operation.words import Status
from tests.contract.routers import Adapted, real_router
from tests.domain import examples
from tests.fleet.cases import GOOD, Case
from tests.fleet.town import SETUP
from tests.procedure.world import NEW_RELEASE, NEW_REVISION, World
from tests.routers import face
from tests.routers.face import Router
from tests.routers.images import build_image
from tests.routers.template import why_not_available

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


def record(directory: Path, router: Router, case: Case, **settings: Any) -> Recorded:
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
    for fault in case.faults:
        router._router.inject(fault)  # type: ignore[attr-defined]  # a simulated one
    operation = world.upgrade()
    lines = list(recorded_operation(world.flashlog, operation.id))
    world.close()
    return Recorded(operation.status, lines, image)


def _write(name: str, directory: Path, router: Router, case: Case) -> None:
    lines = record(directory, router, case).lines
    (HERE / f"{name}.jsonl").write_bytes(b"".join(lines))


if __name__ == "__main__":
    for name, case in _CASES.items():
        with Fleet([Setup(**SETUP)]) as fleet, TemporaryDirectory() as directory:
            _write(name, Path(directory), Adapted(fleet.routers[0]), case)
    if why := why_not_available():
        sys.exit(f"openwrt.jsonl stays as it is: {why}")
    low = face.LowMemory(recoverable=True)
    with real_router(low) as router, TemporaryDirectory() as directory:
        _write("openwrt", Path(directory), router, GOOD)
