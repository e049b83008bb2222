"""Configurations that were fetched from a device before its flashes."""

from datetime import datetime
from uuid import UUID

import msgspec

from application.adapters.vault import CONFIGURATION_BACKUP
from application.flashlog import Flashlog
from domain.errors import NotFoundError
from domain.operation.events import ConfigurationBackedUp


class ConfigurationBackup(msgspec.Struct, frozen=True, kw_only=True):
    """One archive (gzip tar, as `sysupgrade -b` writes it) and when it was fetched."""

    backup_id: UUID
    operation_id: UUID
    fetched_at: datetime
    sha256: str
    size_bytes: int


def configuration_backups(
    flashlog: Flashlog, device_id: UUID
) -> list[ConfigurationBackup]:
    """Return what was fetched from a device, newest first."""
    operations = flashlog.views.all("operation", {"device_id": str(device_id)})
    return [
        ConfigurationBackup(
            backup_id=entry.event.backup_id,
            operation_id=entry.event.originator_id,
            fetched_at=entry.recorded_at,
            sha256=entry.event.sha256,
            size_bytes=entry.event.size_bytes,
        )
        for row in operations
        for entry in reversed(flashlog.log.story(UUID(row["id"])))
        if isinstance(entry.event, ConfigurationBackedUp)
    ]


def newest_backup(
    flashlog: Flashlog, device_id: UUID, *, operation_id: UUID | None = None
) -> ConfigurationBackup:
    """Return the newest backup, or that of one operation. Raises NotFoundError."""
    for backup in configuration_backups(flashlog, device_id):
        if operation_id in {None, backup.operation_id}:
            return backup
    msg = "no configuration of this device was fetched yet: every upgrade does it first"
    raise NotFoundError(msg)


def archive_of(flashlog: Flashlog, backup: ConfigurationBackup) -> bytes:
    """Open the archive in the vault."""
    return flashlog.vault.get_bytes(backup.backup_id, kind=CONFIGURATION_BACKUP)
