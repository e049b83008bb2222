"""Installations for tests, each on a directory of its own, and what is in them."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from application.adapters.log.event import utc_now
from application.adapters.storage import Storage
from application.adapters.vault_file import VaultFile
from application.commands.devices import (
    NewCredentials,
    NewDevice,
    add_credentials,
    add_device,
)
from application.commands.images import NewImage, add_image
from application.flashlog import Flashlog, bounds_of
from application.log import EventLog
from application.projections.due import DueWork
from application.projections.views import Views
from application.settings import Settings
from application.storage import storage_of
from domain.operation.operation import UpgradeOperation
from domain.organization import DEFAULT_ORGANIZATION_ID
from tests.routers.images import build_image

MAC = "00:11:22:aa:bb:cc"
TABLES = (
    "organization",
    "credentials",
    "device",
    "device_owner",
    "belonging",
    "connection",
    "device_group",
    "location",
    "category",
    "build",
    "image",
    "image_board",
    "image_gone",
    "operation",
    "batch",
    "account",
    "membership",
    "user_group",
)


@contextmanager
def opened(directory: Path, **settings: Any) -> Iterator[Flashlog]:
    flashlog = Flashlog(Settings(data_dir=directory, **settings))
    try:
        yield flashlog
    finally:
        flashlog.close()


@contextmanager
def opened_log(directory: Path) -> Iterator[EventLog]:
    with stored(directory) as storage:
        log = EventLog(storage.log(now=utc_now))
        try:
            yield log
        finally:
            log.close()


@contextmanager
def stored(directory: Path) -> Iterator[Storage]:
    """Open what is kept for a data directory, beside whoever else has it open."""
    with closing(storage_of(Settings(data_dir=directory))) as storage:
        yield storage


def a_device(flashlog: Flashlog, name: str = "roof-17", **changes: Any) -> UUID:
    """Register a router that has a way in."""
    login = NewCredentials(password="secret")
    said: dict[str, Any] = {
        "name": name,
        "mac_address": MAC,
        "addresses": ("10.0.0.7",),
    }
    if "credentials_ids" not in changes:
        owner_id = changes.get("organization_id", DEFAULT_ORGANIZATION_ID)
        credentials_id = add_credentials(flashlog, login, organization_id=owner_id)
        changes["credentials_ids"] = (credentials_id,)
    return add_device(flashlog, NewDevice(**(said | changes)))


def an_image(
    flashlog: Flashlog, revision: str = "r24106-10cc5fcd00", **changes: Any
) -> UUID:
    image = build_image(revision=revision, size=8192)
    return add_image(flashlog, NewImage(file_name="openwrt.bin", **changes), [image])


def operation_of(flashlog: Flashlog, operation_id: UUID) -> UpgradeOperation:
    return flashlog.log.get(UpgradeOperation, operation_id)


def claimed(
    due: DueWork, runner: str = "one", *, now: float, limit: int = 9
) -> list[UUID]:
    """Take what is due, urgent or not, as a runner does."""
    bounds = bounds_of(Settings())
    urgent = due.claim(runner, now=now, lease_seconds=30, limit=limit)
    return urgent + due.claim_queued(
        runner, now=now, lease_seconds=30, limit=limit - len(urgent), bounds=bounds
    )


def kept_in_vault(flashlog: Flashlog) -> int:
    """Count the records, without the secrets that processes share by the vault."""
    kept: Any = flashlog.vault._file
    reading = kept._told if isinstance(kept, VaultFile) else kept._reading
    with reading() as connection:
        (count,) = connection.execute(
            "SELECT count(*) FROM record WHERE kind <> 'kept'"
        ).fetchone()
    return int(count)


def all_rows(views: Views) -> dict[str, list[dict[str, Any]]]:
    """Every row of every read model; of the due work what the log decides."""
    shown = {
        table: sorted(views.rows(f"SELECT * FROM {table}"), key=str) for table in TABLES
    }
    shown["due"] = views.rows(
        "SELECT operation_id, due_at FROM due ORDER BY operation_id"
    )
    shown["progress"] = views.rows("SELECT * FROM progress")
    return shown
