"""Long logs, written past the library: what is measured begins after them."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import NamedTuple
from uuid import UUID, uuid4

from application.adapters.log.event import microseconds
from application.adapters.mapper import TypedMapper
from application.flashlog import Flashlog
from domain.base import Aggregate
from domain.catalogue import (
    Build,
    BuildCreated,
    Category,
    CategoryCreated,
    FirmwareImage,
    ImageAdded,
)
from domain.operation.operation import UpgradeOperation
from domain.operation.words import SettledBy
from domain.organization import DEFAULT_ORGANIZATION_ID
from tests.domain import examples

_DEVICE_ID = UUID(int=0xDE01CE)
_DEVICES_MAX = 10_000
_UPLOAD_STEPS = 7
_SAVED_AT_ONCE = 500
# From the examples' day on: nobody comes there while something is measured.
LATER_SECONDS = 30 * 365 * 86_400
_BOARD = "tplink,tl-wdr4300-v1"


class Row(NamedTuple):
    """A row of the log as it is stored."""

    position: int
    originator_id: bytes
    originator_version: int
    topic: str
    state: bytes
    recorded_at: int


Told = Sequence[tuple[str, bytes]]


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Put rows into the file of a log, as fast as SQLite takes them."""
    with closing(sqlite3.connect(path)) as connection:
        triggers = connection.execute(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
        ).fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        connection.executemany("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)", rows)
        for _, sql in triggers:
            connection.execute(sql)
        connection.commit()


def _copy_rows(url: str, rows: Iterable[Row]) -> None:
    """Put rows into a log in PostgreSQL, as fast as it takes them."""
    import psycopg

    with psycopg.connect(url) as connection:
        connection.execute("ALTER TABLE flashlog_log.event DISABLE TRIGGER USER")
        with (
            connection.cursor() as cursor,
            cursor.copy("COPY flashlog_log.event FROM STDIN (FORMAT BINARY)") as copy,
        ):
            copy.set_types(["int8", "bytea", "int8", "text", "bytea", "int8"])
            for row in rows:
                copy.write_row(row)
        triggers = connection.execute(
            "SELECT tgname FROM pg_trigger"
            " WHERE tgrelid = 'flashlog_log.event'::regclass AND NOT tgisinternal"
        ).fetchall()
        for (name,) in triggers:
            connection.execute(
                f"ALTER TABLE flashlog_log.event ENABLE ALWAYS TRIGGER {name}".encode()
            )


def write_operations(flashlog: Flashlog, *, operations: int, is_short: bool) -> int:
    """Let so many upgrades have happened on up to 10,000 devices.

    A short one ends before its first visit, the other ones as a good upgrade does.
    Returns the number of events of all upgrades.
    """
    image_id = _image(flashlog)
    told = _told(_short(image_id) if is_short else upgraded(image_id))
    _write(flashlog, told, operations)
    return operations * len(told)


def write_flashing(flashlog: Flashlog, *, operations: int) -> None:
    """Let the routers of so many devices reboot, each to be looked at much later."""
    operation = flashing(_image(flashlog))
    operation.observe(examples.reconnect_attempted(LATER_SECONDS))
    _write(flashlog, _told(operation), operations)


def _write(flashlog: Flashlog, told: Told, operations: int) -> None:
    devices = [
        examples.device(uuid4(), name=f"r-{number}")
        for number in range(min(operations, _DEVICES_MAX))
    ]
    for start in range(0, len(devices), _SAVED_AT_ONCE):
        flashlog.log.append(*devices[start : start + _SAVED_AT_ONCE])
    device_ids = [device.id for device in devices]
    last = flashlog.log.end(), microseconds(flashlog.log.recorder.last_recorded_at())
    rows = _rows(last, told, device_ids, operations)
    if flashlog.settings.database_url:
        _copy_rows(flashlog.settings.database_url, rows)
    else:
        write_rows(flashlog.settings.data_dir / "log.sqlite", rows)


def upgraded(image_id: UUID, operation_id: UUID | None = None) -> UpgradeOperation:
    """Tell a good upgrade with everything that belongs to one."""
    operation = _started(image_id, operation_id)
    operation.begin_visit("runner-1")
    operation.note(examples.connected(), examples.identity_verified())
    operation.note(examples.image_compared(), examples.memory_measured())
    operation.note(examples.switch_armed(), examples.services_stop_begun())
    operation.note(examples.upload_begun())
    for step in range(1, _UPLOAD_STEPS + 1):
        operation.note(examples.upload_advanced(step))
    operation.note(examples.uploaded(), examples.image_accepted())
    examples.begin_flash(operation)
    operation.observe(examples.reconnected(), examples.outcome_verified())
    operation.settle_by(SettledBy.FLASHLOG)
    operation.succeed()
    return operation


def flashing(image_id: UUID) -> UpgradeOperation:
    """Tell an upgrade whose router was flashed and reboots."""
    operation = _started(image_id)
    operation.begin_visit("runner-1")
    operation.note(examples.connected(), examples.identity_verified())
    operation.note(examples.image_compared(), examples.memory_measured())
    operation.note(examples.switch_armed(), examples.upload_begun())
    operation.note(examples.uploaded(), examples.image_accepted())
    examples.begin_flash(operation)
    return operation


def _short(image_id: UUID) -> UpgradeOperation:
    operation = _started(image_id)
    operation.abort("made for a measurement")
    return operation


def _started(image_id: UUID, operation_id: UUID | None = None) -> UpgradeOperation:
    started = examples.started(device_id=_DEVICE_ID, image_id=image_id)
    return UpgradeOperation.start(operation_id or uuid4(), started)


def _told(aggregate: Aggregate) -> Told:
    mapper = TypedMapper()
    stored = map(mapper.to_stored_event, aggregate.collect_events())
    return [(event.topic, event.state) for event in stored]


def _rows(
    last: tuple[int, int], told: Told, device_ids: Sequence[UUID], operations: int
) -> Iterator[Row]:
    positions = count(last[0] + 1)
    (topic, started), *rest = told
    pattern = str(_DEVICE_ID).encode()
    for number in range(operations):
        operation_id = uuid4().bytes
        device_id = str(device_ids[number % len(device_ids)]).encode()
        state = started.replace(pattern, device_id)
        yield Row(next(positions), operation_id, 1, topic, state, last[1])
        for version, (name, said) in enumerate(rest, 2):
            yield Row(next(positions), operation_id, version, name, said, last[1])


def _image(flashlog: Flashlog) -> UUID:
    created = CategoryCreated(name="WiFi", organization_id=DEFAULT_ORGANIZATION_ID)
    category = Category.create(uuid4(), created)
    build = Build.create(uuid4(), BuildCreated(category_id=category.id, version="1"))
    added = ImageAdded(
        build_id=build.id,
        file_name="image.bin",
        type="image.bin",
        sha256=examples.SHA256,
        size_bytes=1,
        boards=(_BOARD,),
    )
    image = FirmwareImage.add(uuid4(), added)
    flashlog.log.append(category, build, image)
    return image.id
