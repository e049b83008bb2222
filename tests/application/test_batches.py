"""Batches: what is shown before is what is made, each once, whatever happens."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application.batches import filling
from application.batches.filling import fill
from application.batches.keeper import keep_up
from application.commands import batches
from application.commands.batch_control import (
    cancel_batch,
    hold_batch,
    resume_batch,
)
from application.commands.batches import (
    NoTargetsError,
    Wish,
    selected,
    start_batch,
)
from application.commands.beginning import begun
from application.commands.categories import change_category
from application.commands.device_changes import change_device
from application.commands.operations import (
    cancel_operation,
    retry_operation,
    start_upgrade,
)
from application.commands.organizations import found_organization
from application.errors import AlreadyEndedError
from application.flashlog import Flashlog
from domain.batch.batch import Batch, BatchTargets
from domain.batch.words import operation_id_of
from domain.device.device import Device
from domain.operation.events import Started
from domain.operation.operation import UpgradeOperation
from domain.operation.words import Status
from tests.application.houses import all_rows, claimed, opened
from tests.application.stock import (
    BOARD,
    OTHER_BOARD,
    OTHER_TYPE,
    ROOT,
    Stock,
    operations_of,
)

NEVER = Event()


@pytest.fixture
def flashlog(tmp_path: Path) -> Iterator[Flashlog]:
    with opened(tmp_path) as flashlog:
        yield flashlog


class Shop:
    """A category with an old and a new build."""

    def __init__(self, flashlog: Flashlog) -> None:
        self.flashlog = flashlog
        self.stock = Stock(flashlog)
        self.category_id = self.stock.category()
        old, self.new = (self.stock.build(self.category_id) for _ in range(2))
        self.old_image = self.stock.image(old)
        self.old_other = self.stock.image(old, OTHER_TYPE, (OTHER_BOARD,))
        self.new_image = self.stock.image(self.new)

    def start(self, **wish: Any) -> UUID:
        return start_batch(self.flashlog, ROOT, build_id=self.new, wish=Wish(**wish))

    def fill(self, **wish: Any) -> UUID:
        batch_id = self.start(**wish)
        fill(self.flashlog, batch_id, NEVER)
        self.flashlog.show(self.flashlog.log.end())
        return batch_id


@pytest.fixture
def shop(flashlog: Flashlog) -> Shop:
    return Shop(flashlog)


def row_of(flashlog: Flashlog, batch_id: UUID) -> dict[str, Any]:
    found = flashlog.views.one("batch", str(batch_id))
    assert found
    return found


def told(flashlog: Flashlog, batch_id: UUID, device_id: UUID) -> str:
    """Why the operation of a device was aborted."""
    operation_id = operation_id_of(batch_id, device_id)
    operation = flashlog.log.get(UpgradeOperation, operation_id)
    assert operation.status is Status.ABORTED
    return str(getattr(flashlog.log.story(operation_id)[-1].event, "reason", ""))


# --- what is shown is what is made ---------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1 << 32), upgrade_all=st.booleans())
def test_a_dry_run_names_exactly_those_that_a_start_makes_operations_for(
    seed: int, *, upgrade_all: bool
) -> None:
    chance = Random(seed)
    with TemporaryDirectory() as name, opened(Path(name)) as flashlog:
        shop = Shop(flashlog)
        groups = [shop.stock.group(), None]
        places = [shop.stock.location(), None]
        for _ in range(chance.randint(1, 25)):
            shop.stock.device(
                chance.choice(
                    [shop.old_image, shop.old_other, shop.new_image, None, None]
                ),
                model=chance.choice(["", BOARD, OTHER_BOARD]),
                group_id=chance.choice(groups),
                location_id=chance.choice(places),
                is_active=chance.random() < 0.8,
                can_connect=chance.random() < 0.8,
            )
        wish = Wish(
            upgrade_all=upgrade_all,
            group_id=chance.choice(groups),
            location_id=chance.choice(places),
        )
        shown = selected(flashlog, ROOT, shop.new, wish)
        expected = {
            UUID(each.device_id): each for each in shown.chosen(upgrade_all=upgrade_all)
        }
        if not expected:
            with pytest.raises(NoTargetsError):
                start_batch(flashlog, ROOT, build_id=shop.new, wish=wish)
            return

        batch_id = start_batch(flashlog, ROOT, build_id=shop.new, wish=wish)
        fill(flashlog, batch_id, NEVER)
        flashlog.show(flashlog.log.end())

        operations = operations_of(flashlog, batch_id)
        assert operations.keys() == expected.keys()
        for device_id, row in operations.items():
            assert row["image_id"] == expected[device_id].image_id
            is_aborted = row["status"] == Status.ABORTED
            assert is_aborted == bool(expected[device_id].warning)


def test_those_who_come_after_the_start_are_not_upgraded(shop: Shop) -> None:
    first = shop.stock.device(shop.old_image)
    batch_id = shop.start()
    shop.stock.device(shop.old_image)
    fill(shop.flashlog, batch_id, NEVER)
    shop.flashlog.show(shop.flashlog.log.end())
    assert set(operations_of(shop.flashlog, batch_id)) == {first}


def test_what_changed_after_the_start_is_an_aborted_operation_that_says_so(
    shop: Shop,
) -> None:
    flashlog = shop.flashlog
    busy, retired, lost = (shop.stock.device(shop.old_image) for _ in range(3))
    batch_id = shop.start()
    other = start_upgrade(flashlog, device_id=busy, image_id=shop.new_image)
    away = flashlog.log.get(Device, retired)
    away.deactivate()
    cut_off = flashlog.log.get(Device, lost)
    cut_off.change_connections(())
    flashlog.log.append(away, cut_off)

    fill(flashlog, batch_id, NEVER)

    assert str(other) in told(flashlog, batch_id, busy)
    assert "deactivated" in told(flashlog, batch_id, retired)
    assert "no enabled connection" in told(flashlog, batch_id, lost)


def test_a_device_that_was_given_to_another_organization_meanwhile_is_not_upgraded(
    shop: Shop,
) -> None:
    flashlog = shop.flashlog
    device_id = shop.stock.device(model=BOARD)
    batch_id = shop.start(upgrade_all=True)
    fields = {"name": "other", "slug": "other"}
    change = {"organization_id": found_organization(flashlog, fields)}
    change_device(flashlog, device_id, change)

    fill(flashlog, batch_id, NEVER)

    assert "another organization" in told(flashlog, batch_id, device_id)
    assert flashlog.log.get(Device, device_id).image_id is None


def test_a_category_is_not_given_away_while_a_batch_of_it_is_started(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    flashlog = shop.flashlog
    shop.stock.device(model=BOARD)
    fields = {"name": "other", "slug": "other"}
    other = found_organization(flashlog, fields)
    choose = batches.selected

    def give_away_in_between(*asked: Any) -> Any:
        chosen = choose(*asked)
        monkeypatch.undo()
        change_category(flashlog, shop.category_id, {"organization_id": other})
        return chosen

    monkeypatch.setattr(batches, "selected", give_away_in_between)
    with pytest.raises(NoTargetsError):
        shop.start(upgrade_all=True)


def test_a_device_that_breaks_the_filling_is_aborted_and_the_others_go_on(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = (shop.stock.device(shop.old_image) for _ in range(2))

    def broken(flashlog: Flashlog, device: Device, *others: Any, **more: Any) -> Any:
        if device.id == bad:
            msg = "a defect of ours"
            raise RuntimeError(msg)
        return begun(flashlog, device, *others, **more)

    monkeypatch.setattr(filling, "begun", broken)
    operations = operations_of(shop.flashlog, shop.fill())
    assert operations[bad]["status"] == Status.ABORTED
    assert operations[good]["status"] == Status.IN_PROGRESS


def test_a_retry_remembers_what_its_batch_might_lose(shop: Shop) -> None:
    flashlog = shop.flashlog
    device_id = shop.stock.device(shop.old_image)
    batch_id = shop.fill(expendable_packages=("tcpdump",))
    first = operation_id_of(batch_id, device_id)
    cancel_operation(flashlog, operation_id=first)
    again = retry_operation(flashlog, operation_id=first)
    operation = flashlog.log.get(UpgradeOperation, again)
    assert operation.expendable_packages == ("tcpdump",)


def test_targets_are_one_append_with_the_start(shop: Shop) -> None:
    shop.stock.devices(1201, shop.old_image)
    before = shop.flashlog.log.end()
    batch_id = shop.start()
    batch = shop.flashlog.log.get(Batch, batch_id)
    targets = shop.flashlog.log.get(BatchTargets, batch.targets_id)
    assert [len(chunk) for chunk in targets.chunks] == [500, 500, 201]
    entries = shop.flashlog.log.read(after=before, limit=99)
    assert len({entry.recorded_at for entry in entries}) == 1


# --- filling -------------------------------------------------------------------------


def _fill(directory: Path, batch_id: UUID) -> None:
    with opened(directory) as flashlog:
        fill(flashlog, batch_id, Event())


def _wait_for_news(flashlog: Flashlog, process: BaseProcess) -> None:
    """Wait until something is filled in: so each life does little, on any machine."""
    end = flashlog.log.end()
    while flashlog.log.end() == end and process.is_alive():
        time.sleep(0.001)


@pytest.mark.process
def test_filling_that_is_killed_at_any_moment_makes_each_operation_once(
    tmp_path: Path,
) -> None:
    chance = Random(5)
    spawn = multiprocessing.get_context("fork")
    with opened(tmp_path) as flashlog:
        shop = Shop(flashlog)
        devices = shop.stock.devices(1500, shop.old_image)
        batch_id = shop.start()
        kills = 0
        while not flashlog.log.get(Batch, batch_id).is_filled:
            process = spawn.Process(target=_fill, args=(tmp_path, batch_id))
            process.start()
            assert process.pid
            _wait_for_news(flashlog, process)
            time.sleep(chance.uniform(0, 0.03))
            os.kill(process.pid, signal.SIGKILL)
            process.join(10)
            kills += 1
            assert kills < 200
        flashlog.show(flashlog.log.end())
        assert kills > 2
        assert operations_of(flashlog, batch_id).keys() == set(devices)
        started = [
            entry.event
            for entry in flashlog.log.read(after=0, limit=10**9)
            if isinstance(entry.event, Started)
        ]
        assert len(started) == len({event.device_id for event in started}) == 1500
        row = row_of(flashlog, batch_id)
        assert (row["in_progress"], row["is_filled"]) == (1500, 1)


def test_a_batch_cancelled_while_it_is_filled_gets_no_further_operation(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    flashlog = shop.flashlog
    shop.stock.devices(3 * filling._GROUP, shop.old_image)
    batch_id = shop.start()
    append = flashlog.log.append
    appends = 0

    def cancel_in_between(*aggregates: Any, **conditions: Any) -> int:
        nonlocal appends
        appends += 1
        if appends == 3:
            batch = flashlog.log.get(Batch, batch_id)
            batch.cancel()
            append(batch)
        return append(*aggregates, **conditions)

    monkeypatch.setattr(flashlog.log, "append", cancel_in_between)
    fill(flashlog, batch_id, NEVER)
    flashlog.show(flashlog.log.end())
    assert len(operations_of(flashlog, batch_id)) == 2 * filling._GROUP

    assert keep_up(flashlog, NEVER)
    statuses = {row["status"] for row in operations_of(flashlog, batch_id).values()}
    assert statuses == {Status.CANCELLED}
    assert row_of(flashlog, batch_id)["status"] == "cancelled"


def test_a_batch_that_is_held_and_resumed_while_it_is_filled_gets_all_operations(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    flashlog = shop.flashlog
    devices = shop.stock.devices(3 * filling._GROUP, shop.old_image)
    batch_id = shop.start()
    append = flashlog.log.append
    decisions: dict[int, Callable[[Batch], None]] = {
        2: lambda batch: batch.hold("a look"),
        4: Batch.resume,
        5: lambda batch: batch.hold("another look"),
    }
    appends = 0

    def decide_in_between(*aggregates: Any, **conditions: Any) -> int:
        nonlocal appends
        appends += 1
        if appends in decisions:
            batch = flashlog.log.get(Batch, batch_id)
            decisions[appends](batch)
            append(batch)
        return append(*aggregates, **conditions)

    monkeypatch.setattr(flashlog.log, "append", decide_in_between)
    fill(flashlog, batch_id, NEVER)
    flashlog.show(flashlog.log.end())
    assert appends > max(decisions)
    assert operations_of(flashlog, batch_id).keys() == set(devices)
    assert flashlog.views.rows("SELECT DISTINCT stage FROM due") == [
        {"stage": "parked"}
    ]
    assert row_of(flashlog, batch_id)["held"] == "another look"


def test_the_keeper_goes_on_with_others_when_one_batch_makes_trouble(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.stock.device(shop.old_image)
    first, second = shop.start(), shop.start()
    get = shop.flashlog.log.get

    def broken(kind: Any, aggregate_id: UUID) -> Any:
        if aggregate_id == first:
            msg = "a defect of ours"
            raise RuntimeError(msg)
        return get(kind, aggregate_id)

    monkeypatch.setattr(shop.flashlog.log, "get", broken)
    assert not keep_up(shop.flashlog, NEVER)
    monkeypatch.undo()
    assert shop.flashlog.log.get(Batch, second).is_filled
    assert keep_up(shop.flashlog, NEVER)
    assert shop.flashlog.log.get(Batch, first).is_filled


# --- hold, and what is claimed --------------------------------------------------------


def test_what_is_queued_of_a_held_batch_is_not_claimed_until_it_is_resumed(
    shop: Shop,
) -> None:
    flashlog = shop.flashlog
    shop.stock.devices(3, shop.old_image)
    batch_id = shop.fill()
    now = flashlog.clock.now().timestamp() + 1
    hold_batch(flashlog, batch_id=batch_id, reason="a look")
    assert claimed(flashlog.due, now=now) == []
    resume_batch(flashlog, batch_id=batch_id)
    assert len(claimed(flashlog.due, now=now)) == 3


def test_a_batch_that_has_ended_is_neither_held_nor_cancelled(shop: Shop) -> None:
    shop.stock.device(shop.old_image, can_connect=False)
    batch_id = shop.fill()
    refused: list[Callable[..., None]] = [hold_batch, cancel_batch]
    for command in refused:
        with pytest.raises(AlreadyEndedError):
            command(shop.flashlog, batch_id=batch_id)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1 << 32))
def test_counts_and_status_of_a_batch_are_those_of_a_rebuild(seed: int) -> None:
    chance = Random(seed)
    with TemporaryDirectory() as name, opened(Path(name)) as flashlog:
        shop = Shop(flashlog)
        shop.stock.devices(6, shop.old_image)
        batch_id = shop.fill()
        operations = [UUID(row["id"]) for row in flashlog.views.all("operation")]
        for _ in range(chance.randint(1, 20)):
            operation = flashlog.log.get(UpgradeOperation, chance.choice(operations))
            if operation.has_ended:
                continue
            step = chance.choice(["visit", "abort", "fail"])
            if step == "visit":
                operation.begin_visit("one")
            elif step == "abort":
                operation.abort("no")
            else:
                operation.fail("no")
            flashlog.log.append(operation)
            if chance.random() < 0.5:
                flashlog.projector.catch_up()
            if chance.random() < 0.1:
                batch = flashlog.log.get(Batch, batch_id)
                if batch.held:
                    batch.resume()
                else:
                    batch.hold("a look")
                flashlog.log.append(batch)
        flashlog.projector.catch_up()
        running = all_rows(flashlog.views)
        stages = flashlog.views.rows("SELECT operation_id, stage FROM due ORDER BY 1")
        flashlog.projector.rebuild()
        assert all_rows(flashlog.views) == running
        assert stages == flashlog.views.rows(
            "SELECT operation_id, stage FROM due ORDER BY 1"
        )
        row = row_of(flashlog, batch_id)
        for status in Status:
            count = sum(
                flashlog.log.get(UpgradeOperation, each).status is status
                for each in operations
            )
            assert row[status.replace("-", "_")] == count
