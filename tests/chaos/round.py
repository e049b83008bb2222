"""One round: an installation, its routers, a year of bad luck in half a minute."""

import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import msgspec

from domain.operation.words import Status
from tests.chaos.follower import Follower
from tests.chaos.house import House, fleet_of
from tests.chaos.inventory import Inventory
from tests.chaos.judge import alarms
from tests.chaos.nature import Nature
from tests.chaos.person import Heard, Person
from tests.chaos.plan import Deed, plan
from tests.chaos.records import Records

_QUIET_SECONDS = 180.0
_PAUSE_SECONDS = 0.5
_AT_ONCE = 16


class Told(msgspec.Struct, kw_only=True):
    """What a round came to; `alarms` is empty when all was as it must be."""

    seed: int
    routers: int
    seconds: float
    deeds: dict[str, int]
    hits: dict[str, int]
    statuses: dict[str, int]
    operations: int
    flashes: int
    batches: int
    events: int
    cancels_accepted: int
    cancels_refused: int
    busy_answers: int
    alarms: list[str]
    trail: list[str]

    @property
    def kills(self) -> int:
        return sum(n for name, n in self.hits.items() if name.startswith("kill"))

    @property
    def freezes(self) -> int:
        return sum(n for name, n in self.hits.items() if name.startswith("freeze"))


class Round:
    """Does what the plan of a seed says, waits until all is quiet, and judges."""

    def __init__(
        self, seed: int, *, routers: int, seconds: float, database_url: str = ""
    ) -> None:
        self._database_url = database_url
        self._seed, self._count, self._seconds = seed, routers, seconds
        self._hits: Counter[str] = Counter()
        self._trail: list[str] = []
        self._done: Counter[str] = Counter()

    def run(self) -> Told:
        begun = time.monotonic()
        with (
            tempfile.TemporaryDirectory(prefix="flashlog-chaos-") as directory,
            fleet_of(self._count) as fleet,
            House(Path(directory), fleet, database_url=self._database_url) as house,
            Follower(lambda: house.service, house.token) as follower,
        ):
            heard = Heard()
            person, nature = Person(house, heard), Nature(house)
            self._live(house, person, nature)
            house.thaw_all()
            nature.end()
            found = self._wait_until_quiet(house, person)
            end = house.flashlog.log.end()
            follower.wait_for(end)
            records = Records(house)
            found += alarms(records, heard)
            found += follower.wrong_until(end)
            found += [f"{name} outlives its service" for name in house.orphans()]
            statuses = Counter(each.status for each in records.operations.values())
            return Told(
                seed=self._seed,
                routers=self._count,
                seconds=round(time.monotonic() - begun, 1),
                deeds=dict(self._done),
                hits=dict(self._hits),
                statuses={str(status): statuses[status] for status in Status},
                operations=len(records.operations),
                flashes=sum(records.flashes.values()),
                batches=len(heard.batches),
                events=end,
                cancels_accepted=len(heard.cancelled),
                cancels_refused=heard.refused,
                busy_answers=heard.busy,
                alarms=found,
                trail=self._trail,
            )

    def _live(self, house: House, person: Person, nature: Nature) -> None:
        deeds: dict[str, Callable[[Random], str]] = {
            **person.deeds(),
            **nature.deeds(),
            "kill": lambda chance: self._hit("kill", house.kill(chance)),
            "freeze": lambda chance: self._hit("freeze", house.freeze(chance)),
            "kill the service": lambda _: self._kill_the_service(house),
        }
        planned = plan(self._seed, seconds=self._seconds, count=self._count * 2)
        begun = time.monotonic()
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for deed in planned:
                time.sleep(max(0.0, begun + deed.at - time.monotonic()))
                pool.submit(self._do, deed, deeds[deed.name], begun)

    def _do(self, deed: Deed, act: Callable[[Random], str], begun: float) -> None:
        try:
            said = act(deed.chance)
        except Exception as error:  # noqa: BLE001 - a deed that fails is told
            said = f"{type(error).__name__}: {error}"
            self._done["failed deeds"] += 1
        self._done[deed.name] += 1
        late = time.monotonic() - begun
        self._trail.append(f"{deed.at:7.3f} (done {late:7.3f}) {deed.name}: {said}")

    def _hit(self, how: str, name: str) -> str:
        self._hits[f"{how} {name}"] += 1
        return name

    def _kill_the_service(self, house: House) -> str:
        house.kill_the_service()
        return self._hit("kill", "service")

    def _wait_until_quiet(self, house: House, person: Person) -> list[str]:
        """Wait for every end; batches that hold themselves are resumed.

        Whoever was frozen may still have something to say, and a web worker may begin
        what was asked of it meanwhile: it is quiet when nothing came for a lease.
        """
        deadline = time.monotonic() + _QUIET_SECONDS
        end, quiet_since = -1, 0.0
        while True:
            left, now = going_on(house), time.monotonic()
            if left or end != house.flashlog.log.end():
                end, quiet_since = house.flashlog.log.end(), now
            elif now - quiet_since >= house.settings.lease_seconds:
                return []
            if now > deadline:
                return [f"not quiet after {_QUIET_SECONDS:.0f} s: {left}"]
            person.resume_all()
            time.sleep(_PAUSE_SECONDS)


def going_on(house: Inventory) -> str:
    """Say what has not come to its end; blank when nothing."""
    views = house.flashlog.views
    if views.position() != house.flashlog.log.end():
        return "events that are not projected"
    queries = {
        "operations": "SELECT id FROM operation WHERE status = 'in-progress'"
        " OR owed <> ''",
        "batches": "SELECT id FROM batch WHERE status IN ('idle', 'in-progress')",
        "due": "SELECT operation_id FROM due",
        "turns": "SELECT operation_id FROM turn",
    }
    left = {name: len(views.rows(query)) for name, query in queries.items()}
    return ", ".join(f"{count} {name}" for name, count in left.items() if count)
