"""A day of an installation: every hour a mass upgrade, comings and goings."""

import time
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from application.commands.users import add_user
from application.simulation import faults
from tests.chaos.house import House, fleet_of
from tests.chaos.person import Heard, Person
from tests.chaos.round import going_on
from tests.soak.samples import Moment, look
from tests.soak.visitors import PASSWORD, USER, Visitors

HOURS = 24
_LOOKS_AN_HOUR = 10
_QUIET_SECONDS = 60.0


class Day(msgspec.Struct, kw_only=True):
    """What was done, and how it was with the processes meanwhile."""

    moments: list[Moment]
    operations: int
    flashes: int
    events: int
    notices: int
    devices_replaced: int
    visits: dict[str, int]
    errors: dict[str, int]
    unfinished: str
    log_mib: float | None


def live(
    directory: Path, *, routers: int, hour_seconds: float, database_url: str = ""
) -> Day:
    told = directory / "notices"
    command = directory / "tell"
    command.write_text(f"#!/bin/sh\nwc -l >> {told}\n")
    command.chmod(0o700)
    settings: dict[str, Any] = {
        "notice_command": str(command),
        "notice_pause_seconds": 0.0,
        "checkpoint_seconds": 2.0,
        # So many threads, and files they keep open, a runner comes to in any case.
        "runner_visits_max": 16,
        "database_url": database_url,
    }
    data_dir = directory / "data"
    with (
        fleet_of(routers) as fleet,
        House(data_dir, fleet, beside=0, **settings) as house,
    ):
        add_user(house.flashlog, username=USER, password=PASSWORD, is_superuser=True)
        service = house.service
        assert service is not None
        person = Person(house, Heard())
        moments: list[Moment] = []
        replaced = 0
        with Visitors(house, service) as visitors:
            begun = time.monotonic()
            for hour in range(HOURS):
                replaced += _begin_hour(house, person, Random(hour))
                for number in range(_LOOKS_AN_HOUR):
                    at = hour + number / _LOOKS_AN_HOUR
                    time.sleep(max(0.0, begun + at * hour_seconds - time.monotonic()))
                    moments.append(look(service, data_dir, at))
        unfinished = _wait_until_quiet(house, person)
        log = data_dir / "log.sqlite"
        return Day(
            moments=moments,
            operations=len(house.flashlog.views.rows("SELECT id FROM operation")),
            flashes=sum(router.flashes for router in house.routers),
            events=house.flashlog.log.end(),
            notices=len(told.read_text().splitlines()) if told.exists() else 0,
            devices_replaced=replaced,
            visits=dict(visitors.visits),
            errors=dict(visitors.errors),
            unfinished=unfinished,
            log_mib=log.stat().st_size / (1 << 20) if log.exists() else None,
        )


def _begin_hour(house: House, person: Person, chance: Random) -> int:
    """Start a mass upgrade; some routers are ill, a few devices are others by now."""
    for router in house.routers:
        router.clear_faults()
    for router in chance.sample(house.routers, 3):
        router.inject(
            chance.choice(
                [
                    faults.BackWithOldFirmware(),
                    faults.RefuseFlash(),
                    faults.CutAtByte(90_000),
                    faults.CorruptImage(),
                ]
            )
        )
    replaced = sum("204" in person.deeds()["delete"](chance) for _ in range(2))
    person.resume_all()
    person.deeds()["batch"](chance)
    person.deeds()["cancel"](chance)
    return replaced


def _wait_until_quiet(house: House, person: Person) -> str:
    deadline = time.monotonic() + _QUIET_SECONDS
    while (left := going_on(house)) and time.monotonic() < deadline:
        person.resume_all()
        time.sleep(0.2)
    return left
