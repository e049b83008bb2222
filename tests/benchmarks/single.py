"""One upgrade after another: how long beyond their absence, what is left in the log.

The looks after the flash are told how long these routers are away.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import msgspec

from application.commands.operations import start_upgrade
from application.flashlog import Flashlog
from application.settings import Settings
from application.simulation.router import Listing
from domain.operation.operation import UpgradeOperation
from domain.operation.words import Status
from tests.adapters.ssh.link import Link, link_to
from tests.benchmarks.batch import taken_in
from tests.benchmarks.routers import routers
from tests.benchmarks.row import Row, at_most
from tests.web.serving import serving

_UPGRADES = 5
_OFFLINE_SECONDS = 3.0
# With writing the image, a simulated router is away so long.
_AWAY_SECONDS = _OFFLINE_SECONDS + 0.3
_NEAR_SECONDS, _FAR_SECONDS = 1, 4
_ROUND_TRIP_SECONDS = 0.05
_COMMITS, _LOG_BYTES = 25, 12 << 10
_LIMIT_SECONDS = 60
# Position, story, version and time of each event.
_OTHER_BYTES = 40


def measure() -> list[Row]:
    """Upgrade routers next door, then others far away."""
    return [*_near(), *_far()]


def _near() -> Iterator[Row]:
    with routers(_UPGRADES, _OFFLINE_SECONDS) as listings:
        took = _upgraded(listings)
    beyond = "one upgrade, beyond the router's absence"
    yield at_most(beyond, took.seconds, "s", _NEAR_SECONDS)
    yield at_most("commits per upgrade", took.commits, "", _COMMITS)
    yield at_most("bytes of log per upgrade", took.log_bytes, "", _LOG_BYTES)


def _far() -> Iterator[Row]:
    with ExitStack() as stack:
        listings = [
            _moved(listing, stack.enter_context(_link_to(listing)))
            for listing in stack.enter_context(routers(_UPGRADES, _OFFLINE_SECONDS))
        ]
        took = _upgraded(listings)
    beyond = "one upgrade, beyond it, at 50 ms"
    yield at_most(beyond, took.seconds, "s", _FAR_SECONDS)


def _link_to(listing: Listing) -> AbstractContextManager[Link]:
    return link_to(listing.port, _ROUND_TRIP_SECONDS)


def _moved(listing: Listing, link: Link) -> Listing:
    return msgspec.structs.replace(listing, port=link.port)


class _Took(NamedTuple):
    """What an upgrade took: the median of the time, the most of the rest."""

    seconds: float
    commits: int
    log_bytes: int


def _upgraded(listings: Sequence[Listing]) -> _Took:
    with tempfile.TemporaryDirectory(prefix="flashlog-bench-") as name:
        settings = Settings(
            data_dir=Path(name),
            bind="127.0.0.1:0",
            log_level="WARNING",
            reconnect_delay_seconds=_AWAY_SECONDS + 0.05,
            reconnect_retry_delay_seconds=0.2,
        )
        with closing(Flashlog(settings)) as flashlog, ExitStack() as stack:
            build_id = taken_in(flashlog, listings)
            stack.enter_context(serving(settings))
            (image,) = flashlog.views.all("image", {"build_id": str(build_id)})
            took = [
                _one(flashlog, UUID(device["id"]), UUID(image["id"]))
                for device in flashlog.views.all("device")
            ]
    seconds, commits, log_bytes = zip(*took, strict=True)
    return _Took(statistics.median(seconds), max(commits), max(log_bytes))


def _one(flashlog: Flashlog, device_id: UUID, image_id: UUID) -> _Took:
    """Upgrade; raises RuntimeError where that is no success in time."""
    begun = time.monotonic()
    operation_id = start_upgrade(flashlog, device_id=device_id, image_id=image_id)
    while (status := _status(flashlog, operation_id)) is Status.IN_PROGRESS:
        if time.monotonic() > begun + _LIMIT_SECONDS:
            break
        time.sleep(0.005)
    seconds = time.monotonic() - begun - _AWAY_SECONDS
    if status is not Status.SUCCESS:
        msg = f"an upgrade is {status} after {seconds:.0f} s"
        raise RuntimeError(msg)
    story = flashlog.log.recorder.select_events(operation_id)
    return _Took(
        seconds=seconds,
        commits=len({event.recorded_at for event in story}),
        log_bytes=sum(
            len(event.state) + len(event.topic) + _OTHER_BYTES for event in story
        ),
    )


def _status(flashlog: Flashlog, operation_id: UUID) -> Status:
    return flashlog.log.get(UpgradeOperation, operation_id).status
