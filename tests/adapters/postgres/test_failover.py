"""A primary is lost for good, and its standby takes its place."""

import shutil
import signal
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Event, Thread

import pytest

from application.commands.batches import Wish, start_batch
from application.commands.operations import start_upgrade
from application.errors import StorageError
from application.flashlog import Flashlog
from application.holding_all import hold_restored
from application.queries.health import health_facts
from application.runner import Runner
from application.settings import Settings
from application.simulation import Fleet
from domain.operation.operation import UpgradeOperation
from domain.operation.words import Phase, Status
from tests.adapters.databases import soon
from tests.adapters.postgres.pair import paired
from tests.application.houses import a_device, an_image, opened
from tests.application.stock import ROOT, Stock
from tests.chaos.follower import Follower
from tests.chaos.inventory import Inventory
from tests.chaos.judge import alarms
from tests.chaos.person import Heard
from tests.chaos.records import Records
from tests.chaos.round import going_on
from tests.cluster.round import SETTINGS
from tests.fleet.town import SETUP
from tests.postgres import programs
from tests.web.serving import eventually, serving

pytestmark = pytest.mark.skipif(
    programs() is None, reason="needs PostgreSQL's server (make test-tools)"
)

_ROUTERS = 6
_FLASH = "UpgradeOperation:FlashBegun"


@pytest.mark.process
def test_upgrades_go_on_with_the_standby_of_a_primary_that_is_lost(
    tmp_path: Path,
) -> None:
    with ExitStack() as stack:
        pair = stack.enter_context(paired(is_synchronous=True))
        fleet = stack.enter_context(Fleet.of(_ROUTERS, **SETUP))
        settings = Settings(
            data_dir=tmp_path,
            database_url=pair.made("fleet"),
            **SETTINGS | {"bind": "127.0.0.1:0", "uploads_max": 2, "reboots_max": 2},
        )
        house = Inventory(fleet, settings, builds=2, image_bytes=64 * 1024)
        stack.callback(house.flashlog.close)
        service = stack.enter_context(serving(settings))
        feed = stack.enter_context(Follower(lambda: service, house.token))
        start_batch(
            house.flashlog,
            ROOT,
            build_id=house.releases[1].build_id,
            wish=Wish(upgrade_all=True),
        )
        eventually(lambda: _FLASH in {kind for _, kind in feed.said})
        parts = service.children()

        pair.lose_primary()
        told_before = feed.position
        pair.standby.promote()

        eventually(lambda: _is_quiet(house), seconds=60)
        end = house.flashlog.log.end()
        feed.wait_for(end)
        records = Records(house)
        assert _FLASH in {each.event.TOPIC for each in records.entries[told_before:]}
        assert feed.wrong_beside(records.entries) == []
        # Also that each was flashed once, is owed nothing, and all is signed.
        assert alarms(records, Heard()) == []
        assert [each.status for each in records.operations.values()] == [
            Status.SUCCESS
        ] * _ROUTERS
        assert sum(records.flashes.values()) == _ROUTERS
        # Nobody had to be started again for that.
        assert service.children() == parts


def test_a_standby_that_lacks_events_is_closed_until_a_person_has_held_all(
    tmp_path: Path,
) -> None:
    with ExitStack() as stack:
        pair = stack.enter_context(paired(is_synchronous=False))
        url = pair.made("fleet")

        def installation(name: str) -> Flashlog:
            return stack.enter_context(opened(tmp_path / name, database_url=url))

        one = installation("one")
        device_id, image_id = a_device(one), an_image(one)
        operation_id = start_upgrade(one, device_id=device_id, image_id=image_id)
        one.show(one.log.end())
        for name in ("other", "person"):
            (tmp_path / name).mkdir()
            shutil.copy(tmp_path / "one" / "vault.key", tmp_path / name)
        other = installation("other")
        # What comes now the standby does not hear of; the one has seen it.
        pair.wait_until_kept()
        pair.standby.stop(how=signal.SIGINT)
        kept = one.log.end()
        lost = one.log.get(UpgradeOperation, operation_id)
        lost.hold("is lost", by=None)
        one.log.append(lost)
        pair.lose_primary()
        pair.standby.start()
        pair.standby.promote()

        sentence = f"event {kept + 1} that was recorded is not in it"
        assert soon(lambda: sentence in _said(one))
        # Who has seen no more than is there may read, and nobody may write.
        assert soon(lambda: _said(other) == "")
        assert other.log.end() == kept
        with pytest.raises(StorageError, match=sentence):
            Stock(other).location()
        person = installation("person")
        assert sentence in " ".join(person.storage.unsound())
        ill = [each for each in health_facts(person) if not each.is_well]
        assert [sentence in each.finding for each in ill if each.name == "log"] == [
            True
        ]
        assert hold_restored(person, by=None) == (operation_id,)
        assert list(person.storage.unsound()) == []

        # Who has seen what is lost is of no use any more, and closes nothing again.
        assert sentence in _said(one)
        Stock(other).location()
        assert other.views.position() == other.log.end()


@pytest.mark.process
def test_a_router_whose_flash_the_standby_does_not_know_is_not_flashed_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with ExitStack() as stack:
        pair = stack.enter_context(paired(is_synchronous=False))
        fleet = stack.enter_context(Fleet.of(1, **SETUP))
        settings = Settings(
            data_dir=tmp_path,
            database_url=pair.made("fleet"),
            **SETTINGS | {"bind": "127.0.0.1:0"},
        )
        house = Inventory(fleet, settings, builds=2, image_bytes=64 * 1024)
        flashlog, (router,) = house.flashlog, house.routers
        stack.callback(flashlog.close)
        operation_id = start_upgrade(
            flashlog,
            device_id=house.device_of[0],
            image_id=house.releases[1].image_id,
        )
        flashlog.show(flashlog.log.end())
        pair.wait_until_kept()
        pair.standby.stop(how=signal.SIGINT)
        with serving(settings) as service:
            feed = stack.enter_context(Follower(lambda: service, house.token))
            eventually(lambda: _FLASH in {kind for _, kind in feed.said})
            eventually(lambda: len(router.flashed) == 1)
            pair.lose_primary()
            pair.standby.start()
            pair.standby.promote()
            eventually(lambda: _why_closed(flashlog) != "")

        # The standby knows of no flash. Who has seen none tries, and comes to nothing.
        operation = flashlog.log.get(UpgradeOperation, operation_id)
        assert operation.phase is Phase.QUEUED
        assert flashlog.show(flashlog.log.end())
        stop = Event()
        runner = Thread(target=Runner(flashlog).run, args=(stop,))
        runner.start()
        stack.callback(runner.join)
        stack.callback(stop.set)
        eventually(lambda: f"visit_stopped operation={operation_id}" in caplog.text)
        assert len(router.flashed) == 1
        stop.set()
        runner.join()
        assert hold_restored(flashlog) == (operation_id,)


def _why_closed(flashlog: Flashlog) -> str:
    with suppress(StorageError):
        return flashlog.log.recorder.why_closed()
    return ""


def _said(flashlog: Flashlog) -> str:
    """Return what is said to who asks for the log."""
    try:
        flashlog.log.end()
    except StorageError as error:
        return str(error)
    return ""


def _is_quiet(house: Inventory) -> bool:
    with suppress(StorageError):
        return not going_on(house)
    return False
