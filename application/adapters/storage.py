"""All that an installation keeps, on one machine's disk or in one database."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from application.adapters.asked import Asked
from application.adapters.audit_store import AuditStore
from application.adapters.database import Database
from application.adapters.kept import Kept
from application.adapters.locks import Locks
from application.adapters.log.appending import Log
from application.adapters.log.rows import StoredRows
from application.adapters.log.taking_over import LogInheritance
from application.adapters.vault import Vault
from domain.transparency.note import SigningKey


class Presence(Protocol):
    """Which processes of an installation are alive."""

    def of(self, role: str) -> AbstractContextManager[None]:
        """Be present in a role until the block ends; any number may share a role."""

    def is_any(self, role: str, *, silent_seconds_max: float) -> bool:
        """Whether a living process of this role has given a sign lately."""

    def count(self, role: str, *, silent_seconds_max: float) -> int:
        """Return how many of them there are."""


class Storage(Protocol):
    """Where everything is; what is opened here is closed with it.

    Images, recordings and the vault's key are files of the data directory in any case.
    """

    @property
    def name(self) -> str:
        """What a person knows it by; no secret is in it."""

    @property
    def directory(self) -> Path:
        """The data directory."""

    @property
    def locks(self) -> Locks: ...

    @property
    def presence(self) -> Presence: ...

    @property
    def asked(self) -> Asked:
        """Who has asked how often, counted by all web processes together."""

    @property
    def kept(self) -> Kept: ...

    @property
    def vault(self) -> Vault:
        """The vault, opened by who first asks. Raises VaultError."""

    @property
    def secrets(self) -> Kept:
        """Small secrets that processes share. May raise VaultError."""

    @property
    def views(self) -> Database: ...

    def has_log(self) -> bool: ...

    def log(self, *, now: Callable[[], datetime]) -> Log:
        """Open the log, which the first who does that makes."""

    def log_bytes(self) -> int:
        """Return what the log takes on the disk, with its indexes."""

    def rows(self) -> StoredRows: ...

    def inheritance(self) -> LogInheritance:
        """Open the log for rows of another one; it is made where there is none."""

    def has_tree(self) -> bool: ...

    def has_views(self) -> bool: ...

    def tree(self) -> AuditStore: ...

    def signing_key(self, name: str) -> SigningKey:
        """Return the key that signs the log; made under a name by who first asks."""

    def session_key(self) -> bytes:
        """Return the key that signs the cookies of all web processes."""

    def unsound(self) -> Iterator[str]:
        """Say what is wrong with the log's tables themselves, a sentence each."""

    def close(self) -> None: ...
