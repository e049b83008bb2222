"""A hundred simulated routers, upgraded by one batch: from its start to all verdicts.

The routers share the machine with Flashlog, in a process of their own that is not
counted. Limits are raised, and the looks after the flash are told that these routers
are away for ten seconds; with the default pauses up to ten seconds more go by.
"""

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID, uuid4

from application.commands.batches import Wish, start_batch
from application.commands.devices import NewCredentials, add_credentials
from application.commands.images import NewImage, add_image
from application.flashlog import Flashlog
from application.settings import Settings
from application.simulation.router import Listing
from domain.catalogue import FirmwareImage
from domain.device.device import Device
from domain.device.events import Registered
from domain.device.words import Connection
from domain.organization import DEFAULT_ORGANIZATION_ID
from tests.application.stock import ROOT
from tests.benchmarks.routers import routers
from tests.benchmarks.row import Row, at_least, at_most
from tests.routers.images import build_image
from tests.web.serving import children_of, serving

ROUTERS = 100
_IMAGE_BYTES = 5 << 20
_SECONDS, _CPU_SECONDS, _PER_MINUTE = 20, 0.15, 300
_LIMIT_SECONDS = 120
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def measure() -> list[Row]:
    """Upgrade all; raises RuntimeError where not all succeed in time."""
    with (
        tempfile.TemporaryDirectory(prefix="flashlog-bench-") as name,
        routers(ROUTERS) as listings,
    ):
        settings = Settings(
            data_dir=Path(name),
            bind="127.0.0.1:0",
            log_level="WARNING",
            runner_visits_max=2 * ROUTERS,
            uploads_per_location_max=ROUTERS,
            reboots_max=ROUTERS,
            reconnect_delay_seconds=11,
            reconnect_retry_delay_seconds=1,
        )
        flashlog = Flashlog(settings)
        try:
            build_id = _taken_in(flashlog, listings)
            with serving(settings) as service:
                return list(_measured(flashlog, build_id, service.process.pid))
        finally:
            flashlog.close()


def _measured(flashlog: Flashlog, build_id: UUID, pid: int) -> Iterator[Row]:
    cpu_before, begun = _cpu_seconds(pid), time.monotonic()
    batch_id = start_batch(flashlog, ROOT, build_id=build_id, wish=Wish())
    _wait_for_success(flashlog, batch_id)
    took = time.monotonic() - begun
    cpu = (_cpu_seconds(pid) - cpu_before) / ROUTERS
    yield at_most(f"batch of {ROUTERS} routers", took, "s", _SECONDS)
    per_minute = ROUTERS * 60 / took
    yield at_least("upgrades per minute", per_minute, "", _PER_MINUTE)
    yield at_most("CPU per upgrade, all processes", cpu, "s", _CPU_SECONDS)


def _wait_for_success(flashlog: Flashlog, batch_id: UUID) -> None:
    deadline = time.monotonic() + _LIMIT_SECONDS
    while time.monotonic() < deadline:
        row = flashlog.views.one("batch", str(batch_id))
        if row is not None and row["success"] == ROUTERS:
            return
        time.sleep(0.05)
    msg = f"not all routers were upgraded in {_LIMIT_SECONDS} s: {row}"
    raise RuntimeError(msg)


def _cpu_seconds(pid: int) -> float:
    """Return what a process and all below it have used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    used = (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND
    return used + sum(map(_cpu_seconds, children_of(pid)))


def _taken_in(flashlog: Flashlog, listings: Sequence[Listing]) -> UUID:
    """Register the routers, of an old build; returns the new one."""
    old_id = _image(flashlog, listings[0], "1", "23.05.4", "r24012-d8dd03c46f")
    new_id = _image(flashlog, listings[0], "2", "24.10.0", "r28427-6df0e3d02a")
    for listing in listings:
        login = NewCredentials(password=listing.password, port=listing.port)
        connection = Connection(
            connection_id=uuid4(), credentials_id=add_credentials(flashlog, login)
        )
        registered = Registered(
            name=listing.name,
            organization_id=DEFAULT_ORGANIZATION_ID,
            mac_address=listing.macs[0],
            addresses=(listing.host,),
            agent_uuid=UUID(listing.uuid) if listing.uuid else None,
            connections=(connection,),
        )
        device = Device.register(uuid4(), registered)
        device.assign_firmware(old_id, firmware_id=uuid4())
        flashlog.log.append(device)
    flashlog.show(flashlog.log.end())
    return flashlog.log.get(FirmwareImage, new_id).build_id


def _image(
    flashlog: Flashlog, listing: Listing, version: str, release: str, revision: str
) -> UUID:
    image = build_image(
        listing.board, release, revision, size=_IMAGE_BYTES, target="ath79/generic"
    )
    new = NewImage(file_name="sysupgrade.bin", version=version)
    return add_image(flashlog, new, [image])
