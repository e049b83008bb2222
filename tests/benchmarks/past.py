"""Answers about the past of a mass upgrade of 10,000 devices, each with its story."""

import tempfile
from contextlib import closing
from pathlib import Path
from time import perf_counter
from uuid import UUID, uuid4

from application.commands.users import add_user, token_of
from application.flashlog import Flashlog
from application.settings import Settings
from domain.batch.batch import Batch, BatchTargets
from domain.batch.events import Started
from domain.batch.words import Plan, Target, operation_id_of
from domain.catalogue import (
    Build,
    BuildCreated,
    Category,
    CategoryCreated,
    FirmwareImage,
    ImageAdded,
)
from domain.device.device import Device
from domain.device.events import FirmwareInstalled
from domain.device.words import Learned
from domain.operation.operation import UpgradeOperation
from domain.operation.words import SettledBy
from domain.organization import DEFAULT_ORGANIZATION_ID
from tests.benchmarks.row import Row, at_most
from tests.benchmarks.size import size
from tests.domain import examples
from tests.web.people import Caller
from web.app import create_app

DEVICES = size(10_000, quick=500)
_FIRMWARE = "/api/v1/firmware-upgrader"
# Stories of one append.
_GROUP = 100
_UPLOAD_STEPS = 7


def measure() -> list[Row]:
    """Fill a log by the commands of the aggregates, then look back at its end."""
    with tempfile.TemporaryDirectory() as name:
        settings = Settings(
            data_dir=Path(name), request_rate_limit="off", past_seconds_max=600
        )
        with closing(Flashlog(settings)) as flashlog:
            batch_id, operation_id = _fill(flashlog)
            user_id = add_user(
                flashlog, username="bench", password="bench", is_superuser=True
            )
            token = token_of(flashlog, user_id=user_id)
            caller = Caller(create_app(flashlog).test_client(), token)
            end = flashlog.log.end()
            asked = {"as_of": end}
            operation = f"{_FIRMWARE}/upgrade-operation/{operation_id}/"
            batch = f"{_FIRMWARE}/batch-upgrade-operation/{batch_id}/"
            return [
                _row(caller, "an operation as of then", operation, 0.2, asked),
                _row(caller, f"a fleet of {DEVICES:,} as of then", "fleet", 15, asked),
                _row(caller, f"a batch of {DEVICES:,} as of then", batch, 30, asked),
                _row(
                    caller,
                    f"diff of {DEVICES:,} devices",
                    "diff",
                    10,
                    {"from": end // 5},
                ),
                _row(caller, f"exposure of {DEVICES:,} devices", "exposure", 10, {}),
                _row(caller, "a page of a batch's history", f"{batch}history/", 5, {}),
            ]


def _row(
    caller: Caller, name: str, url: str, seconds_max: float, asked: dict[str, int]
) -> Row:
    known = {"fleet": "fleet/", "diff": "fleet/diff/", "exposure": "fleet/exposure/"}
    path = f"{_FIRMWARE}/{known[url]}" if url in known else url
    begun = perf_counter()
    answer = caller.get(path, query_string=asked)
    assert answer.status_code == 200, answer.text
    assert answer.data
    return at_most(name, perf_counter() - begun, "s", seconds_max)


def _fill(flashlog: Flashlog) -> tuple[UUID, UUID]:
    """Return the batch, and one of its operations."""
    category = Category.create(
        uuid4(),
        CategoryCreated(name="WiFi", organization_id=DEFAULT_ORGANIZATION_ID),
    )
    build = Build.create(uuid4(), BuildCreated(category_id=category.id, version="1"))
    added = ImageAdded(
        build_id=build.id,
        file_name="image.bin",
        type="image.bin",
        sha256=examples.SHA256,
        size_bytes=1,
        boards=("b",),
    )
    image = FirmwareImage.add(uuid4(), added)
    devices = [examples.device(uuid4(), name=f"r-{n}") for n in range(DEVICES)]
    targets = BatchTargets.freeze(
        uuid4(), [Target(device.id, image.id) for device in devices]
    )
    plan = Plan(
        build_id=build.id,
        category_id=category.id,
        organization_id=DEFAULT_ORGANIZATION_ID,
    )
    started = Started(plan=plan, targets_id=targets.id, total=DEVICES, at=examples.AT)
    batch = Batch.start(uuid4(), started)
    flashlog.log.append(category, build, image, batch, targets)
    for start in range(0, DEVICES, _GROUP):
        group = devices[start : start + _GROUP]
        upgraded = [_upgraded(device, batch.id, image.id) for device in group]
        batch.note_filled(len(group))
        flashlog.log.append(*group, *upgraded, batch)
    flashlog.projector.catch_up()
    return batch.id, operation_id_of(batch.id, devices[DEVICES // 2].id)


def _upgraded(device: Device, batch_id: UUID, image_id: UUID) -> UpgradeOperation:
    device.learn(Learned(board="b", model="m", release="22.03", revision="r1"))
    operation = UpgradeOperation.start(
        operation_id_of(batch_id, device.id),
        examples.started(device_id=device.id, image_id=image_id, batch_id=batch_id),
    )
    device.give(operation.id, image_id)
    operation.begin_visit("runner-1")
    operation.note(examples.connected(), examples.identity_verified())
    operation.note(examples.image_compared(), examples.memory_measured())
    operation.note(examples.switch_armed(), examples.services_stop_begun())
    operation.note(examples.upload_begun())
    operation.note(
        *(examples.upload_advanced(step) for step in range(1, _UPLOAD_STEPS + 1))
    )
    operation.note(examples.uploaded(), examples.image_accepted())
    examples.begin_flash(operation)
    operation.observe(examples.reconnected(), examples.outcome_verified())
    operation.settle_by(SettledBy.FLASHLOG)
    operation.succeed()
    installed = FirmwareInstalled(
        image_id=image_id, operation_id=operation.id, release="23.05", revision="r2"
    )
    device.install(installed)
    device.learn(Learned(board="b", model="m", release="23.05", revision="r2"))
    return operation
