"""The judgement on a round: what must not be, each with what is known of it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain

from application.settings import environment_of
from domain.batch.batch import Batch
from domain.operation.words import Status
from tests.chaos.limits import broken_limits, forbidden_flashes, wrong_fillings
from tests.chaos.person import Heard
from tests.chaos.records import Records
from tests.chaos.verdicts import wrong_verdicts
from tests.web.serving import ROOT


def alarms(records: Records, heard: Heard) -> list[str]:
    """Judge by the log and the routers' records; empty where all is as it must be."""
    return list(
        chain(
            wrong_verdicts(records),
            forbidden_flashes(records),
            wrong_fillings(records),
            broken_limits(records),
            _what_is_left(records),
            _broken_words(records, heard),
            _rows_left(records),
            _tampering(records),
        )
    )


def _what_is_left(records: Records) -> Iterator[str]:
    """Everything is given back on every router, or was told to be given up."""
    house = records.house
    given_up = {
        records.number_of(each) for each in records.operations.values() if each.given_up
    }
    for number, router in enumerate(house.routers):
        if number in given_up:
            # There the router restores itself, when its own time comes.
            router.pass_time(house.settings.switch_lease_seconds + 1000)
        down = set(router.setup.services) - router.services_running()
        left = [name for name in router.files_in_tmp() if name.endswith(".bin")]
        wrong = [
            *(f"{name} is down" for name in down),
            *(f"{name} is left" for name in left),
            *([] if router.wifi_is_up() else ["Wi-Fi is down"]),
        ]
        if wrong:
            mine = [
                records.told(each.id)
                for each in records.operations.values()
                if records.number_of(each) == number
            ]
            yield "\n".join([f"router {number}: {', '.join(wrong)}", *mine[-2:]])


def _broken_words(records: Records, heard: Heard) -> Iterator[str]:
    """Hold the installation to what it has answered."""
    for operation_id in heard.cancelled:
        status = records.operations[operation_id].status
        if status is not Status.CANCELLED:
            told = records.told(operation_id)
            yield f"a cancel was accepted, yet {status}\n{told}"
    for batch_id in heard.batches.values():
        if records.house.flashlog.log.find(Batch, batch_id) is None:
            yield f"batch {batch_id} was answered and is not there"
    for operation_id in heard.started.values():
        if operation_id not in records.operations:
            yield f"operation {operation_id} was answered and is not there"
    yield from heard.server_errors


def _rows_left(records: Records) -> Iterator[str]:
    for table in ("due", "turn"):
        rows = records.house.flashlog.views.rows(f"SELECT * FROM {table}")
        if rows:
            yield f"left in {table}: {[dict(row) for row in rows]}"


def _tampering(records: Records) -> Iterator[str]:
    """Nothing but what is in the log has happened to log, tree and recordings."""
    verified = subprocess.run(
        [sys.executable, "-P", "-m", "web.cli", "audit", "verify"],
        cwd=ROOT,
        env=os.environ
        | environment_of(records.house.settings)
        | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    if verified.returncode:
        yield f"the audit does not hold: {verified.stdout}{verified.stderr}"
