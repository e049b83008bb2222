"""Which devices ran a firmware between two moments, and for how long."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from application.access import Account, Condition
from application.flashlog import Flashlog
from application.past.moments import Moment
from application.past.patience import Patience
from application.past.reasons import Reasons
from application.past.running import Firmware, Life, Since, lives
from application.projections.rows import Row, moment

# So many devices are told of at once.
_GROUP = 500


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which firmware is asked for: all that a release names, or what images are.

    An image is known to run where it was verified after its upgrade; a release also
    where a visit found it.
    """

    release: str | None = None
    image_ids: Collection[UUID] | None = None

    def takes(self, firmware: Firmware) -> bool:
        if self.release is not None and firmware.release != self.release:
            return False
        return self.image_ids is None or firmware.image_id in self.image_ids


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """When a device ran it; `goes_on`: it still did at the later moment."""

    start: datetime
    end: datetime
    goes_on: bool
    since: Since

    @property
    def seconds(self) -> float:
        return (self.end - self.start).total_seconds()


class Exposed(msgspec.Struct, frozen=True, kw_only=True):
    """One device and when it ran what is asked for."""

    device_id: UUID
    name: str
    intervals: Sequence[Interval]

    @property
    def seconds(self) -> float:
        return sum(each.seconds for each in self.intervals)


def exposed(
    flashlog: Flashlog,
    seen: Sequence[Condition],
    wanted: Wanted,
    *,
    start: Moment,
    end: Moment,
    patience: Patience,
) -> Iterator[Exposed]:
    """Tell of each device that ran it between two moments."""
    for life in lives(flashlog, seen, until=end.position, patience=patience):
        intervals = [
            each
            for each in _intervals(life, start=start, end=end)
            if wanted.takes(each.since.firmware)
        ]
        if intervals:
            yield Exposed(device_id=life.device_id, name=life.name, intervals=intervals)


def _intervals(life: Life, *, start: Moment, end: Moment) -> Iterator[Interval]:
    """Return what a device ran between two moments, cut off at both."""
    ends = [*(Moment(each.position, each.at) for each in life.since[1:]), life.left]
    for since, ended in zip(life.since, ends, strict=True):
        has_ended_before = ended is not None and ended.position <= start.position
        if since.firmware.is_known and not has_ended_before:
            yield Interval(
                start=max(since.at, start.at),
                end=ended.at if ended is not None else end.at,
                goes_on=ended is None,
                since=since,
            )


def in_words(
    flashlog: Flashlog, account: Account, found: Sequence[Exposed]
) -> list[Row]:
    """Return exposures in plain values, with the names that an account may see."""
    since = [interval.since for each in found for interval in each.intervals]
    reasons = Reasons.of(flashlog, account, since=since)
    return [
        {
            "device": each.device_id,
            "device_name": each.name,
            "seconds": each.seconds,
            "intervals": [
                reasons.seen(interval.since)
                | {
                    "from": moment(interval.start),
                    "to": moment(interval.end),
                    "goes_on": interval.goes_on,
                    "seconds": interval.seconds,
                }
                for interval in each.intervals
            ],
        }
        for each in found
    ]


COLUMNS = (
    "device",
    "device_name",
    "release",
    "revision",
    "version",
    "file_name",
    "image",
    "from",
    "to",
    "goes_on",
    "seconds",
    "why",
    "operation",
    "batch",
    "by",
    "by_name",
)


def lines(
    flashlog: Flashlog, account: Account, found: Sequence[Exposed]
) -> Iterator[list[Any]]:
    """Tell exposures as lines of a table with COLUMNS, one for each time."""
    for start in range(0, len(found), _GROUP):
        for row in in_words(flashlog, account, found[start : start + _GROUP]):
            for interval in row["intervals"]:
                line = row | interval
                yield [line[name] for name in COLUMNS]
