"""Simulated routers, upgraded by one batch: from its start to all verdicts.

The routers share the machine with Flashlog, in a process of their own that is not
counted; what it uses of the two cores is told beside the rest. Limits are raised, and
the looks after the flash are told for how long these routers are away; with the default
pauses up to ten seconds more go by.
"""

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple
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
from tests.benchmarks.processes import cpu_seconds, cpu_seconds_by_part, memory_mb
from tests.benchmarks.routers import routers
from tests.benchmarks.row import Row, at_least, at_most, for_comparison
from tests.routers.images import build_image
from tests.web.serving import Service, serving

_FEW, _MANY = 100, 1_000
_IMAGE_BYTES = 5 << 20
_SECONDS, _CPU_SECONDS, _PER_MINUTE = 20, 0.15, 300
_MEMORY_MB, _MEMORY_EACH_MB = 200, 0.5
_LIMIT_SECONDS = 600
# Ten seconds offline, and before that the image is written.
_AWAY_SECONDS = 10.3


def measure() -> list[Row]:
    """Upgrade all; raises RuntimeError where not all succeed in time."""
    few, many = _upgraded(_FEW), _upgraded(_MANY)
    return [
        at_most(f"batch of {_FEW} routers", few.seconds, "s", _SECONDS),
        *_rows(_FEW, few),
        for_comparison(f"batch of {_MANY:,} routers", many.seconds, "s"),
        *_rows(_MANY, many),
    ]


def _rows(routers: int, took: "_Took") -> Iterator[Row]:
    of = f"{routers:,} routers"
    per_minute = routers * 60 / took.seconds
    yield at_least(f"{of}: upgrades per minute", per_minute, "", _PER_MINUTE)
    each = took.cpu_seconds / routers
    yield at_most(f"{of}: CPU per upgrade, all processes", each, "s", _CPU_SECONDS)
    for part, seconds in took.cpu_seconds_by_part.items():
        name = f"{of}: CPU per upgrade, {part}"
        yield for_comparison(name, seconds / routers, "s")
    memory = took.memory_mb
    yield at_most(f"{of}: memory, all processes", memory, "MB", _MEMORY_MB)
    each = (memory - took.idle_mb) / min(routers, _FEW)
    yield at_most(f"{of}: memory per operation in flight", each, "MB", _MEMORY_EACH_MB)


class _Took(NamedTuple):
    """What a batch took. Memory is what the processes hold for themselves, at most."""

    seconds: float
    cpu_seconds: float
    cpu_seconds_by_part: Mapping[str, float]
    idle_mb: float
    memory_mb: float


def _upgraded(count: int) -> _Took:
    with (
        tempfile.TemporaryDirectory(prefix="flashlog-bench-") as name,
        routers(count) as listings,
    ):
        settings = Settings(
            data_dir=Path(name),
            bind="127.0.0.1:0",
            log_level="WARNING",
            # A hundred are in flight at once, however many there are.
            runner_visits_max=2 * _FEW,
            uploads_per_location_max=_FEW,
            reboots_max=_FEW,
            reconnect_delay_seconds=_AWAY_SECONDS + 0.1,
            reconnect_retry_delay_seconds=0.5,
        )
        with closing(Flashlog(settings)) as flashlog:
            build_id = taken_in(flashlog, listings)
            with serving(settings) as service:
                return _took(flashlog, build_id, service, count)


def _took(flashlog: Flashlog, build_id: UUID, service: Service, count: int) -> _Took:
    idle_mb, cpu_before = memory_mb(service), cpu_seconds(service)
    by_part_before = cpu_seconds_by_part(service)
    begun, most_mb = time.monotonic(), idle_mb
    batch_id = start_batch(flashlog, ROOT, build_id=build_id, wish=Wish())
    while not _has_succeeded(flashlog, batch_id, count):
        if time.monotonic() > begun + _LIMIT_SECONDS:
            msg = f"not all routers were upgraded in {_LIMIT_SECONDS} s"
            raise RuntimeError(msg)
        most_mb = max(most_mb, memory_mb(service))
        time.sleep(0.05)
    return _Took(
        seconds=time.monotonic() - begun,
        cpu_seconds=cpu_seconds(service) - cpu_before,
        cpu_seconds_by_part={
            part: seconds - by_part_before[part]
            for part, seconds in cpu_seconds_by_part(service).items()
        },
        idle_mb=idle_mb,
        memory_mb=most_mb,
    )


def _has_succeeded(flashlog: Flashlog, batch_id: UUID, count: int) -> bool:
    row = flashlog.views.one("batch", str(batch_id))
    return row is not None and row["success"] == count


def taken_in(flashlog: Flashlog, listings: Sequence[Listing]) -> UUID:
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
