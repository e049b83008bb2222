"""A short round, and a judge who notices what must not be."""

from pathlib import Path
from random import Random

import pytest

from application.simulation.machine import Flashed
from domain.operation.operation import UpgradeOperation
from domain.operation.words import Status
from tests.chaos.house import House, fleet_of
from tests.chaos.judge import alarms
from tests.chaos.person import Heard, Person
from tests.chaos.plan import plan
from tests.chaos.records import Records
from tests.chaos.round import Round, going_on
from tests.procedure.world import eventually

pytestmark = [pytest.mark.process, pytest.mark.timeout(240)]


def test_whatever_befalls_an_installation_no_operation_ends_wrong() -> None:
    told = Round(2006, routers=10, seconds=4.0).run()
    assert told.alarms == [], "\n".join([*told.trail, *told.alarms])
    assert told.flashes > 0
    assert told.kills > 0


def test_the_same_seed_plans_the_same_deeds() -> None:
    first, second = (plan(3, seconds=30, count=100) for _ in "12")
    assert first == second
    assert first != plan(4, seconds=30, count=100)


def test_the_judge_tells_of_every_flash_that_must_not_be(tmp_path: Path) -> None:
    with fleet_of(4) as fleet, House(tmp_path, fleet) as house:
        heard = Heard()
        person = Person(house, heard)
        person.deeds()["batch"](Random(1))
        eventually(lambda: "batch" in going_on(house))
        person.deeds()["cancel"](Random(1))
        eventually(lambda: not going_on(house), limit_seconds=60)
        records = Records(house)
        assert alarms(records, heard) == []

        for operation in records.operations.values():
            machine = records.router_of(operation)._life.machine
            path = f"/tmp/flashlog-{operation.id.hex}.bin"
            machine.flashed.append(Flashed(path, machine.boot_id))
            (told,) = alarms(Records(house), heard)[:1]
            assert told.startswith(_expected(operation))
            machine.flashed.pop()


def _expected(operation: UpgradeOperation) -> str:
    if operation.status is Status.SUCCESS:
        return "2 flashes by one operation"
    return f"{operation.status}: flashed and the log does not say"
