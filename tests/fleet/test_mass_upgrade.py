"""Mass upgrades of a town, with runners in processes of their own."""

import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from application.commands.batch_control import cancel_batch, resume_batch
from application.errors import AlreadyEndedError
from application.simulation import SimulatedRouter
from domain.operation import events
from domain.operation.operation import UpgradeOperation
from tests.application.stock import operations_of
from tests.fleet.cases import CASES
from tests.fleet.listener import Listener
from tests.fleet.town import (
    Most,
    Observer,
    Town,
    a_town,
    eventually_ended,
    flashes_after_failures,
    spread,
)
from tests.procedure.world import eventually
from tests.web.conftest import API, token_for
from tests.web.serving import serving

pytestmark = [
    pytest.mark.process,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("fleet"),
]

LIMITS = {"uploads_max": 8, "uploads_per_location_max": 2, "reboots_max": 20}


def test_200_routers_of_which_many_are_faulty_all_end_as_they_must(
    tmp_path: Path,
) -> None:
    cases = spread(CASES, count=200, each=10)
    with a_town(tmp_path, cases, bind="127.0.0.1:0", **LIMITS) as town:
        token = token_for(town.flashlog, "admin", is_superuser=True)
        with (
            serving(town.settings) as service,
            town.runners(1),
            Observer(town) as seen,
        ):
            batch_id = town.start(failures_max=0)
            path = f"/ws/firmware-upgrader/batch-upgrade-operation/{batch_id}/"
            with service.open(path, token) as socket, Listener(socket) as heard:
                eventually_ended(town, batch_id, limit_seconds=200)
                heard.wait_for_the_end()
            _, shown = service.get(f"{API}/batch-upgrade-operation/{batch_id}/", token)
        assert wrong_verdicts(town, batch_id) == []
        assert_rest_agrees(town, shown)
        assert_websocket_agrees(town, batch_id, heard)

        assert_within_limits(town, seen)


@pytest.mark.parametrize("failures_max", [1, 3])
def test_a_batch_holds_itself_after_the_failures_it_bears_and_goes_on_when_resumed(
    tmp_path: Path, failures_max: int
) -> None:
    old = next(case for case in CASES if case.name == "old firmware")
    cases = spread([old], count=40, each=12)
    with (
        a_town(tmp_path, cases, **LIMITS | {"reboots_max": 4}) as town,
        town.runners(2),
        Observer(town) as seen,
    ):
        batch_id = town.start(failures_max=failures_max)
        eventually(lambda: bool(town.batch(batch_id)["held"]), limit_seconds=60)
        eventually(lambda: is_quiet(town, batch_id), limit_seconds=60)
        assert flashes_after_failures(town, failures_max) == 0
        held = town.batch(batch_id)
        assert held["held"].startswith(f"{failures_max} router")
        # No more than those that were under way could fail beside them.
        assert failures_max <= held["failed"] < failures_max + LIMITS["reboots_max"]
        assert held["in_progress"] > 0
        assert_nothing_is_left_on_those_that_wait(town, batch_id)

        while town.batch(batch_id)["status"] == "in-progress":
            if town.batch(batch_id)["held"]:
                # The last of those under way may end it meanwhile.
                with suppress(AlreadyEndedError):
                    resume_batch(town.flashlog, batch_id=batch_id)
            time.sleep(0.05)
        assert wrong_verdicts(town, batch_id) == []
        assert_within_limits(town, seen, reboots=4)


def test_a_cancelled_batch_flashes_nothing_any_more(tmp_path: Path) -> None:
    cases = spread([], count=40, each=0)
    with (
        a_town(tmp_path, cases, **LIMITS | {"reboots_max": 4}) as town,
        town.runners(2),
    ):
        batch_id = town.start()
        eventually(lambda: town.batch(batch_id)["success"] > 2, limit_seconds=60)
        cancel_batch(town.flashlog, batch_id=batch_id)
        cancelled_at = town.flashlog.log.end()
        eventually_ended(town, batch_id, limit_seconds=30)
        batch = town.batch(batch_id)
        assert batch["status"] == "cancelled"
        assert batch["cancelled"] + batch["success"] == 40
        later = town.flashlog.log.read(after=cancelled_at, limit=10**9)
        assert not [e for e in later if isinstance(e.event, events.FlashBegun)]
        eventually(lambda: is_quiet(town, batch_id), limit_seconds=30)
        for device_id, row in operations_of(town.flashlog, batch_id).items():
            router = town.router_of(device_id)
            assert router.flashes == (row["status"] == "success")
            assert row["status"] == "success" or not images_on(router)


def test_runners_that_are_killed_again_and_again_keep_the_limits_and_lose_nobody(
    tmp_path: Path,
) -> None:
    cases = spread([], count=14, each=0)
    limits = LIMITS | {"uploads_max": 3, "reboots_max": 5}
    with a_town(tmp_path, cases, **limits) as town, Observer(town) as seen:
        batch_id = town.start()
        deadline = time.monotonic() + 180
        while town.batch(batch_id)["status"] in {"idle", "in-progress"}:
            assert time.monotonic() < deadline, town.batch(batch_id)
            with town.runners(2) as processes:
                time.sleep(6)
                for process in processes:
                    process.kill()
            town.flashlog.show(town.flashlog.log.end())
        assert wrong_verdicts(town, batch_id) == []
        assert [router.flashes for router in town.routers] == [1] * 14
        assert seen.uploads_most <= 3
        most = Most(town)
        assert most.reboots <= 5
        assert most.at_location <= LIMITS["uploads_per_location_max"]


def is_quiet(town: Town, batch_id: UUID) -> bool:
    """Whether nobody is under way to a router of the batch."""
    operations = operations_of(town.flashlog, batch_id).values()
    return all(
        row["status"] != "in-progress"
        or (row["phase"] in {"queued", "waiting-to-retry"} and not row["owed"])
        for row in operations
    ) and not town.flashlog.views.rows("SELECT * FROM turn")


def assert_nothing_is_left_on_those_that_wait(town: Town, batch_id: UUID) -> None:
    for device_id, row in operations_of(town.flashlog, batch_id).items():
        if row["status"] == "in-progress":
            router = town.router_of(device_id)
            assert images_on(router) == []
            assert router.services_running() >= set(router.setup.services)
            assert router.flashes == 0


def images_on(router: SimulatedRouter) -> list[str]:
    return [name for name in router.files_in_tmp() if name.endswith(".bin")]


def assert_within_limits(town: Town, seen: Observer, *, reboots: int = 20) -> None:
    assert seen.looks > 100
    assert 0 < seen.uploads_most <= LIMITS["uploads_max"]
    assert seen.at_location_most <= LIMITS["uploads_per_location_max"]
    most = Most(town)
    assert 0 < most.uploads <= LIMITS["uploads_max"]
    assert most.at_location <= LIMITS["uploads_per_location_max"]
    assert 0 < most.reboots <= reboots


def wrong_verdicts(town: Town, batch_id: UUID) -> list[str]:
    operations = operations_of(town.flashlog, batch_id)
    assert operations.keys() == set(town.device_ids)
    wrong = []
    for device_id, row in operations.items():
        case = town.case_of(device_id)
        operation = town.flashlog.log.get(UpgradeOperation, UUID(row["id"]))
        flashes = town.router_of(device_id).flashes
        is_right = (
            operation.status is case.verdict
            and row["status"] == operation.status
            and operation.has_begun_flash == case.is_flashed
            and flashes <= case.is_flashed
        )
        if not is_right:
            told = town.told(operation.id)
            wrong.append(f"{case.name}: {operation.status}, {flashes}\n{told}")
    return wrong


def assert_rest_agrees(town: Town, shown: dict[str, Any]) -> None:
    told = {
        each["id"]: town.flashlog.log.get(UpgradeOperation, UUID(each["id"])).status
        for each in shown["upgradeoperations"]
    }
    assert {each["id"]: each["status"] for each in shown["upgradeoperations"]} == told
    total = len(told)
    assert total == len(town.cases)
    assert shown["status"] == "failed"
    assert shown["progress_report"] == f"{total} out of {total}"
    for status in ("success", "failed", "aborted", "cancelled"):
        count = sum(each == status for each in told.values())
        assert shown[f"{status}_rate"] == 100 * count // total


def assert_websocket_agrees(town: Town, batch_id: UUID, heard: Listener) -> None:
    rows = operations_of(town.flashlog, batch_id).values()
    assert heard.statuses == {row["id"]: row["status"] for row in rows}
    total = len(town.cases)
    assert heard.batch == {"status": "failed", "completed": total, "total": total}
    # Nobody was told of anything behind an end.
    assert heard.late == []
