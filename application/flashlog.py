"""Flashlog as one object: the only place that names concrete adapters."""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from time import monotonic
from uuid import UUID, uuid4

from application.adapters.clock import SystemClock
from application.adapters.holding import Hold
from application.adapters.kept import Kept
from application.adapters.locks import FileLocks
from application.adapters.recording_store import RECORDINGS, RecordingStore
from application.adapters.storage import Presence
from application.audit.audit import Audit
from application.errors import StorageError
from application.images import images_of
from application.log import EventLog
from application.ports import Clock, Connector
from application.projections.due import DueWork
from application.projections.projector import Projector, open_views
from application.projections.turns import Bounds, Turns
from application.projections.views import Views
from application.settings import Settings
from application.storage import storage_of
from domain.organization import (
    DEFAULT_ORGANIZATION_ID,
    SLUG_SCOPE,
    Organization,
)
from domain.reservation import Reservation

# Where a restore puts everything together before any of it is in its place.
RESTORING = "restoring"
# The roles of those that serve: with a runner of their own, or web alone.
_SERVICE, WEB = "service", "web"
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
        self.storage = storage_of(settings)
        with ExitStack() as undoing:
            # Who cannot start leaves nothing open at the database.
            undoing.callback(self.storage.close)
            self.log = EventLog(self.storage.log(now=self.clock.now))
            self.clock.start_from(self.log.recorder.last_recorded_at())
            self.vault = self.storage.vault
            self.images = images_of(settings)
            self.recordings = RecordingStore(directory / RECORDINGS)
            self._views = open_views(self.storage.views)
            self.views = Views(self._views)
            self.due = DueWork(self._views)
            self.turns = Turns(self._views, self.log, bounds_of(settings))
            self.projector = Projector(self.log, self._views)
            self.installation = _installation(self.storage.kept)
            self._here = FileLocks(directory)
            self._require_no_lost_events()
            self._found_default_organization()
            undoing.pop_all()

    @cached_property
    def connector(self) -> Connector:
        """The way to routers, loaded by who first goes there."""
        # Here, since importing paramiko would double the start of whoever never does.
        from application.adapters.ssh.connector import FabricConnector  # noqa: PLC0415

        return FabricConnector()

    @cached_property
    def audit(self) -> Audit:
        """The tree of the log, and the key that signs it; made by who first asks."""
        return Audit(
            self.storage.rows(),
            self.storage.tree(),
            self.storage.signing_key(f"flashlog/{self.installation}"),
            checkpoint_events_max=self.settings.checkpoint_events_max,
        )

    @property
    def presence(self) -> Presence:
        """Which processes of this installation are alive."""
        return self.storage.presence

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

    def alone(self, role: str) -> AbstractContextManager[Hold]:
        """Be the only process of this installation in a role, if nobody else is."""
        return self.storage.locks.alone(role)

    def among(
        self, role: str, *, when_first: Callable[[], None] | None = None
    ) -> AbstractContextManager[None]:
        """Be one of any number in a role; who finds nobody there runs `when_first`."""
        return self.storage.locks.among(role, when_first=when_first)

    @contextmanager
    def serving(self) -> Iterator[Hold]:
        """Be the service of this data directory, if there is none."""
        with self._here.alone(_SERVICE) as hold:
            if not hold:
                yield hold
                return
            with self.presence.of(_SERVICE):
                yield hold

    def is_served(self) -> bool:
        """Whether this installation is served, here or elsewhere."""
        return self._is_whole() or self._is_present(WEB)

    def is_worked(self) -> bool:
        """Whether another process visits routers: a service's, or a runner's own."""
        return self._is_whole() or self._is_present("runner")

    def close(self) -> None:
        self.log.close()
        self.storage.close()

    def _is_whole(self) -> bool:
        """Whether a service runs that has a runner of its own."""
        with self._here.alone(_SERVICE) as is_alone:
            return not is_alone or self._is_present(_SERVICE)

    def _is_present(self, role: str) -> bool:
        limit = self.settings.heartbeat_seconds
        return self.presence.is_any(role, silent_seconds_max=limit)

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


def _installation(kept: Kept) -> UUID:
    """Return the id by which routers tell this installation from another.

    It is made once, whoever else starts at the same moment. Routers remember it: lost,
    those that are owed something would take this installation for a stranger.
    """
    return UUID(
        kept.save_first("installation", f"{uuid4()}\n".encode()).decode().strip()
    )
