"""Packages that a mass upgrade would lose: told before, and not lost unasked."""

import threading
from pathlib import Path
from uuid import UUID

import pytest

from application.foreground import run_all
from application.simulation import Fleet
from application.simulation.setup import Setup
from domain.batch.words import operation_id_of
from domain.catalogue import Build, ManifestAttached
from domain.operation.operation import UpgradeOperation
from domain.operation.words import Status
from tests.fleet.cases import GOOD
from tests.fleet.town import SETUP, Town, eventually_ended

pytestmark = [
    pytest.mark.process,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("fleet"),
]


def test_packages_that_the_image_lacks_abort_unless_the_batch_calls_them_expendable(
    tmp_path: Path,
) -> None:
    setups = [
        Setup(**SETUP),
        Setup(**SETUP, packages=("tcpdump", "luci")),
        Setup(**SETUP, packages=("luci",)),
    ]
    with Fleet(setups) as fleet:
        town = Town(tmp_path, fleet, [GOOD] * 3)
        flashlog = town.flashlog
        build = flashlog.log.get(Build, town.build_id)
        target = fleet.routers[0].facts().target
        build.attach(ManifestAttached(target=target, packages={"luci": "1"}))
        flashlog.show(flashlog.log.append(build))
        plain, extra, covered = town.device_ids

        stop = threading.Event()
        worker = threading.Thread(target=run_all, args=(flashlog, stop), daemon=True)
        worker.start()
        try:
            first = town.start()
            eventually_ended(town, first, limit_seconds=60)
            (warned,) = [each for each in town.dry_run().related if each.warning]
            second = town.start(expendable_packages=("tcpdump",))
            eventually_ended(town, second, limit_seconds=60)
        finally:
            stop.set()
            worker.join(20)

        def operation(batch_id: UUID, device_id: UUID) -> UpgradeOperation:
            operation_id = operation_id_of(batch_id, device_id)
            return flashlog.log.get(UpgradeOperation, operation_id)

        assert operation(first, plain).status is Status.SUCCESS
        assert operation(first, covered).status is Status.SUCCESS
        refused = operation(first, extra)
        assert refused.status is Status.ABORTED
        assert "tcpdump" in town.told(refused.id)
        assert warned.device_id == str(extra)
        assert warned.warning == "the image lacks packages that are installed: tcpdump"
        assert operation(second, extra).status is Status.SUCCESS
        assert [router.flashes for router in fleet.routers] == [1, 1, 1]
        town.flashlog.close()
