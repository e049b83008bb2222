"""Flashlog as one object: the only place that names concrete adapters."""

import fcntl
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from time import monotonic
from uuid import UUID, uuid4

from application.adapters.clock import SystemClock
from application.adapters.durable import write_once
from application.adapters.image_store import ImageStore
from application.adapters.recording_store import RECORDINGS, RecordingStore
from application.adapters.signing_key import take_signing_key
from application.adapters.sqlite.audit_store import AuditStore
from application.adapters.sqlite.connections import Connections
from application.adapters.sqlite.log import SQLiteLog
from application.adapters.sqlite.rows import StoredRows
from application.adapters.vault import Vault
from application.audit.audit import Audit
from application.errors import StorageError
from application.log import EventLog
from application.ports import Clock, Connector
from application.presence import Presence
from application.projections.due import DueWork
from application.projections.projector import Projector, open_views
from application.projections.turns import Bounds, Turns
from application.projections.views import Views
from application.settings import Settings
from domain.organization import (
    DEFAULT_ORGANIZATION_ID,
    SLUG_SCOPE,
    Organization,
)
from domain.reservation import Reservation

# Where a restore puts everything together before any of it is in its place.
RESTORING = "restoring"
# How long a waiting answer leaves the projecting to others, in seconds.
_TURN_SECONDS = 0.05

_log = logging.getLogger(__name__)


class DataDirectoryError(Exception):
    """The data directory cannot be used; the message says why and what to do."""


class Flashlog:
    """Everything that commands, runners and web need, made from the settings."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        connector: Connector | None = None,
    ) -> None:
        directory = settings.data_dir
        _make_directory(directory)
        self.settings = settings
        self.clock = clock or SystemClock()
        if connector is not None:
            self.connector = connector
        self.log = EventLog(SQLiteLog(directory / "log.sqlite", now=self.clock.now))
        self.clock.start_from(self.log.recorder.last_recorded_at())
        self.vault = Vault(directory / "vault.sqlite", directory / "vault.key")
        self.images = ImageStore(
            directory / "images", size_bytes_max=settings.image_size_max_bytes or None
        )
        self.recordings = RecordingStore(directory / RECORDINGS)
        self._views = open_views(
            Connections(directory / "views.sqlite", synchronous="NORMAL")
        )
        self.views = Views(self._views)
        self.due = DueWork(self._views)
        self.turns = Turns(self._views, self.log, bounds_of(settings))
        self.projector = Projector(self.log, self._views)
        self.installation = _installation(directory)
        self._require_no_lost_events()
        self._found_default_organization()

    @cached_property
    def connector(self) -> Connector:
        """The way to routers, loaded by who first goes there."""
        # Here, since importing paramiko would double the start of whoever never does.
        from application.adapters.ssh.connector import FabricConnector  # noqa: PLC0415

        return FabricConnector()

    @cached_property
    def audit(self) -> Audit:
        """The tree of the log, and the key that signs it; made by who first asks."""
        directory = self.settings.data_dir
        return Audit(
            StoredRows(directory / "log.sqlite"),
            AuditStore(directory / "audit.sqlite"),
            take_signing_key(directory / "audit.key", f"flashlog/{self.installation}"),
            checkpoint_events_max=self.settings.checkpoint_events_max,
        )

    def show(self, position: int) -> bool:
        """Let the read models reach a position, so that a client reads its own writes.

        Where no service runs, this process projects by itself. False when the wait
        ran out; the log has the event all the same.
        """
        try:
            return self._show(position)
        except StorageError as error:
            _log.warning("the read models fall behind: %s", error)
            return False

    def _show(self, position: int) -> bool:
        deadline = monotonic() + self.settings.projected_wait_seconds
        while self.views.position() < position:
            with self.alone("projector") as is_alone:
                if is_alone:
                    self.projector.catch_up()
                    return True
            left = deadline - monotonic()
            if left <= 0:
                return False
            # Who projects may end just before our event: then it is our turn.
            self.views.wait_for(position, limit_seconds=min(left, _TURN_SECONDS))
        return True

    @contextmanager
    def alone(self, role: str) -> Iterator[bool]:
        """Be the only process of this installation in a role, if nobody else is."""
        with self._lock_of(role) as descriptor:
            yield _is_taken(descriptor)

    @contextmanager
    def among(self, role: str, *, when_first: Callable[[], None]) -> Iterator[None]:
        """Be one of any number in a role; who finds nobody there runs `when_first`."""
        with self._lock_of(role) as descriptor:
            if _is_taken(descriptor):
                when_first()
            # Whoever comes meanwhile waits here, until the first one has finished.
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            yield

    def is_served(self) -> bool:
        """Whether a service of this installation is running."""
        with self.alone("service") as is_alone:
            return not is_alone

    def is_worked(self) -> bool:
        """Whether another process visits routers: a service's, or a runner's own."""
        limit = self.settings.heartbeat_seconds
        presence = Presence(self.settings.data_dir)
        return self.is_served() or presence.is_any("runner", silent_seconds_max=limit)

    def close(self) -> None:
        self.log.close()
        self._views.close()
        self.vault.close()
        if "audit" in vars(self):
            self.audit.close()

    @contextmanager
    def _lock_of(self, role: str) -> Iterator[int]:
        descriptor = os.open(
            self.settings.data_dir / f"{role}.lock", os.O_RDWR | os.O_CREAT, 0o600
        )
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _require_no_lost_events(self) -> None:
        """Make read models again that have seen more than the log has."""
        shown, end = self.views.position(), self.log.end()
        if shown > end:
            _log.error(
                "action=events_lost the log ends at %d, its read models had come to %d "
                "and are made again: `flashlog audit verify` tells more",
                *(end, shown),
            )
            self.projector.drop()

    def _found_default_organization(self) -> None:
        def found() -> None:
            organization = self.log.find(Organization, DEFAULT_ORGANIZATION_ID)
            if organization is None:
                organization = Organization.found(
                    DEFAULT_ORGANIZATION_ID, name="default", slug="default"
                )
            slug = organization.slug
            claim_id = Reservation.id_of(SLUG_SCOPE, slug)
            claim = self.log.get_or_new(Reservation, claim_id)
            if claim.owner_id is None:
                claim.claim(SLUG_SCOPE, DEFAULT_ORGANIZATION_ID)
            self.log.append(organization, claim)

        self.log.decide(found)


def bounds_of(settings: Settings) -> Bounds:
    return Bounds(
        uploads_max=settings.uploads_max,
        uploads_per_location_max=settings.uploads_per_location_max,
        reboots_max=settings.reboots_max,
    )


def _is_taken(descriptor: int) -> bool:
    """Take a lock for this process alone, if nobody has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _make_directory(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        msg = (
            f"cannot use {directory} as data directory ({error.strerror}): set "
            "FLASHLOG_DATA_DIR to a directory that may be written"
        )
        raise DataDirectoryError(msg) from error
    if (directory / RESTORING).exists():
        msg = (
            f"a restore into {directory} runs or did not end: if none is running, "
            "empty the directory and restore again"
        )
        raise DataDirectoryError(msg)


def _installation(directory: Path) -> UUID:
    """Return the id by which routers tell this installation from another.

    It is made once, whoever else starts at the same moment. Routers remember it: lost,
    those that are owed something would take this installation for a stranger.
    """
    path = directory / "installation"
    if not path.exists():
        write_once(path, f"{uuid4()}\n".encode())
    return UUID(path.read_text().strip())
