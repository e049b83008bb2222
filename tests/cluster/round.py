"""One round: a mass upgrade in a cluster whose parts are killed until it has ended."""

import os
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import msgspec

from application.errors import StorageError
from application.settings import Settings
from application.simulation import Fleet
from domain.operation.words import Status
from tests.chaos.follower import Follower
from tests.chaos.inventory import Inventory
from tests.chaos.judge import alarms
from tests.chaos.person import Heard, Person
from tests.chaos.records import Records
from tests.chaos.round import going_on
from tests.cluster.cluster import Cluster, free_ports
from tests.cluster.database import Database
from tests.cluster.trouble import Trouble
from tests.fleet.cases import CASES, GOOD, Case
from tests.fleet.town import SETUP
from tests.web.conftest import API

WEBS, RUNNERS = 2, 3
_FOLLOWERS_OF_EACH = 3
_IMAGE_BYTES = 128 * 1024
_CANCELS = 20
_QUIET_SECONDS = 240.0
_LIMIT_SECONDS = 1200.0
_PAUSE_SECONDS = 0.5

# Time limits are those that people have: here is one machine for all of it.
SETTINGS: dict[str, Any] = {
    "request_rate_limit": "off",
    "log_level": "WARNING",
    "lease_seconds": 4.0,
    "heartbeat_seconds": 3.0,
    "restart_backoff_max_seconds": 1.0,
    "restarts_max": 100,
    "retries_max": 20,
    "retry_backoff_seconds": 1.0,
    "retry_backoff_max_seconds": 3.0,
    "upload_channels_max": 1,
    "upload_stall_seconds": 10.0,
    "reconnect_delay_seconds": 1.0,
    "reconnect_retry_delay_seconds": 2.0,
    "reconnect_retries_max": 30,
    "upgrade_timeout_seconds": 30.0,
    "settle_backoff_seconds": 0.5,
    "settle_backoff_max_seconds": 2.0,
    "feed_position_seconds": 2.0,
    "uploads_max": 24,
    "uploads_per_location_max": 4,
    "reboots_max": 100,
}
# Those that ask for more than addresses and a router.
_CASES = [
    each
    for each in CASES
    if not each.knows_key and each.name not in {"another address", "never back"}
]


class Told(msgspec.Struct, kw_only=True):
    """What a round came to; `alarms` is empty when all was as it must be."""

    seed: int
    routers: int
    seconds: float
    hits: dict[str, int]
    ends: dict[str, int]
    statuses: dict[str, int]
    operations: int
    flashes: int
    cancels: int
    events: int
    followers: int
    connections: int
    tries_again: int
    alarms: list[str]
    trail: list[str]


class Round:
    """Upgrades `routers`, of which some are faulty, in a database of its own.

    `strikes`: what is to happen, in this order; without, things happen at random
    until the mass upgrade has ended, about every `pause_seconds`.
    """

    def __init__(
        self,
        seed: int,
        database: Database,
        *,
        routers: int,
        pause_seconds: float,
        down_seconds_max: float = 3.0,
        strikes: Sequence[str] = (),
        settings: dict[str, Any] | None = None,
        keep_logs: Path | None = None,
    ) -> None:
        self._seed, self._database, self._count = seed, database, routers
        self._pause_seconds, self._down_seconds_max = pause_seconds, down_seconds_max
        self._strikes = strikes
        self._chance = Random(seed)
        self._settings = SETTINGS | (settings or {})
        self._logs = keep_logs

    def run(self) -> Told:
        begun = time.monotonic()
        with ExitStack() as stack:
            directory = Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="flashlog-"))
            )
            fleet = stack.enter_context(
                Fleet.of(self._count, host=_own_address(), **SETUP)
            )
            settings = Settings(
                data_dir=directory / "shared",
                database_url=self._database.made(f"round_{self._seed}"),
                **self._settings,
            )
            house = Inventory(fleet, settings, builds=2, image_bytes=_IMAGE_BYTES)
            stack.callback(house.flashlog.close)
            cases = self._befall(house)
            logs = self._logs or directory
            logs.mkdir(exist_ok=True, parents=True)
            ports = free_ports(WEBS)
            cluster = stack.enter_context(
                Cluster(settings, logs, ports=ports, runners=RUNNERS)
            )
            followers = [
                stack.enter_context(self._follower(house, cluster, number))
                for number in range(WEBS * _FOLLOWERS_OF_EACH)
            ]
            trouble = Trouble(
                cluster,
                self._database,
                self._chance,
                down_seconds_max=self._down_seconds_max,
            )
            stack.callback(trouble.thaw_all)
            heard = Heard()
            batch_id = self._live(house, cluster, trouble, heard)
            trouble.thaw_all()
            found = _wait_until_quiet(house, batch_id)
            # Whoever was frozen may still have something to say.
            time.sleep(settings.lease_seconds)
            end = house.flashlog.log.end()
            for follower in followers:
                follower.wait_for(end)
            records = Records(house)
            found += alarms(records, heard)
            found += wrong_endings(records, cases, heard)
            for follower in followers:
                found += follower.wrong_beside(records.entries)
            statuses = Counter(each.status for each in records.operations.values())
            return Told(
                seed=self._seed,
                routers=self._count,
                seconds=round(time.monotonic() - begun, 1),
                hits=dict(trouble.hits),
                ends=dict(cluster.ends),
                statuses={str(status): statuses[status] for status in Status},
                operations=len(records.operations),
                flashes=sum(records.flashes.values()),
                cancels=len(heard.cancelled),
                events=len(records.entries),
                followers=len(followers),
                connections=sum(each.connections for each in followers),
                tries_again=heard.busy,
                alarms=found,
                trail=trouble.trail,
            )

    def _befall(self, house: Inventory) -> list[Case]:
        """Let about every twelfth router be faulty, each fault as often as others."""
        each = max(1, self._count // (12 * len(_CASES)))
        wrong = (_CASES * each)[: self._count // 2]
        cases = wrong + [GOOD] * (self._count - len(wrong))
        self._chance.shuffle(cases)
        for router, case in zip(house.routers, cases, strict=True):
            router.inject(*case.faults)
        return cases

    def _follower(self, house: Inventory, cluster: Cluster, number: int) -> Follower:
        """Go from one web server to the other whenever the connection is cut."""
        webs = cycle(cluster.webs[number % WEBS :] + cluster.webs[: number % WEBS])
        return Follower(lambda: next(webs).service(), house.token)

    def _live(
        self, house: Inventory, cluster: Cluster, trouble: Trouble, heard: Heard
    ) -> UUID:
        house.service = cluster.webs[0].service()
        person = Person(house, heard, excused="")
        build = house.releases[1].build_id
        wish = {"upgrade_all": True, "failures_max": 0}
        path = f"{API}/build/{build}/upgrade/"
        key, (status, told) = person.ask_until_answered("POST", path, wish)
        assert status == 201, told
        batch_id = heard.batches[key] = UUID(told["batch"])
        strikes = iter(self._strikes)
        deadline = time.monotonic() + _LIMIT_SECONDS
        cancel_at = self._cancels()
        while not _has_ended(house, batch_id) and time.monotonic() < deadline:
            time.sleep(self._chance.expovariate(1 / self._pause_seconds))
            kind = next(strikes, "") if self._strikes else None
            if kind is None or kind:
                trouble.strike(kind or "")
            web = self._chance.choice(cluster.webs)
            house.service = web.service()
            for _ in range(next(cancel_at, 0)):
                with suppress(StorageError):
                    person.deeds()["cancel"](self._chance)
        return batch_id

    def _cancels(self) -> Any:
        """How many are cancelled after each strike: few of the many."""
        left = min(_CANCELS, self._count // 10)
        while left:
            now = self._chance.randint(0, min(2, left))
            left -= now
            yield now


def _own_address() -> str:
    """Return where a router that reboots finds its port free: nobody else is there."""
    number = os.getpid() % 2**16
    return f"127.77.{number // 256}.{number % 256}"


def wrong_endings(records: Records, cases: Sequence[Case], heard: Heard) -> list[str]:
    """Hold each verdict against what is wrong with its router, and nothing else."""
    asked, cancelled = set(heard.asked), set(heard.cancelled)
    wrong = []
    for operation in records.operations.values():
        case = cases[records.number_of(operation)]
        may = set() if operation.id in cancelled else {case.verdict}
        if operation.id in asked:
            may.add(Status.CANCELLED)
        if operation.status not in may:
            told = records.told(operation.id)
            wrong.append(f"{operation.status} in spite of: {case.name}\n{told}")
    return wrong


def _has_ended(house: Inventory, batch_id: UUID) -> bool:
    with suppress(StorageError):
        row = house.flashlog.views.one("batch", str(batch_id))
        return row is not None and row["status"] not in {"idle", "in-progress"}
    return False


def _wait_until_quiet(house: Inventory, batch_id: UUID) -> list[str]:
    deadline = time.monotonic() + _QUIET_SECONDS
    while True:
        left = "the database cannot be asked"
        with suppress(StorageError):
            left = going_on(house)
            if not _has_ended(house, batch_id):
                left = f"the mass upgrade goes on, {left}"
        if not left:
            return []
        if time.monotonic() > deadline:
            return [f"not quiet after {_QUIET_SECONDS:.0f} s: {left}"]
        time.sleep(_PAUSE_SECONDS)
