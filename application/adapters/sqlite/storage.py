"""Everything in files of one data directory."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from application.adapters.asked import AskedHere
from application.adapters.audit_store import AuditStore
from application.adapters.kept import KeptFiles
from application.adapters.locks import FileLocks
from application.adapters.log.event import utc_now
from application.adapters.log.rows import StoredRows
from application.adapters.log.taking_over import LogInheritance
from application.adapters.present_files import PresentFiles
from application.adapters.signing_key import take_signing_key
from application.adapters.sqlite.connections import Connections
from application.adapters.sqlite.log import SQLiteLog
from application.adapters.sqlite.soundness import unsound
from application.adapters.vault import Vault
from application.adapters.vault_file import VaultFile
from application.adapters.vault_key import make_key
from domain.transparency.note import SigningKey

if TYPE_CHECKING:
    from application.adapters.storage import Storage

LOG, VIEWS, VAULT, TREE = ("log.sqlite", "views.sqlite", "vault.sqlite", "audit.sqlite")
VAULT_KEY, AUDIT_KEY, SESSION_KEY = "vault.key", "audit.key", "session.key"


class SQLiteStorage:
    """The embedded default: nothing to set up, one machine."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.name = str(directory)
        self.locks = FileLocks(directory)
        self.presence = PresentFiles(directory)
        # One machine has one web process.
        self.asked = AskedHere()
        self.kept = self.secrets = KeptFiles(directory)

    @cached_property
    def vault(self) -> Vault:
        return Vault(VaultFile(self.directory / VAULT), self.directory / VAULT_KEY)

    @cached_property
    def views(self) -> Connections:
        # They can be made again from the log.
        return Connections(self.directory / VIEWS, synchronous="NORMAL")

    @cached_property
    def _log(self) -> Connections:
        return Connections(self.directory / LOG)

    @cached_property
    def _tree(self) -> Connections:
        return Connections(self.directory / TREE)

    def has_log(self) -> bool:
        return (self.directory / LOG).exists()

    def log(self, *, now: Callable[[], datetime] = utc_now) -> SQLiteLog:
        return SQLiteLog(self.directory / LOG, now=now)

    def log_bytes(self) -> int:
        # With what stands beside it, the write-ahead log above all.
        return sum(each.stat().st_size for each in self.directory.glob(f"{LOG}*"))

    def rows(self) -> StoredRows:
        return StoredRows(self._log)

    def inheritance(self) -> LogInheritance:
        self.log().close()
        return LogInheritance(self._log)

    def has_tree(self) -> bool:
        return (self.directory / TREE).exists()

    def has_views(self) -> bool:
        return (self.directory / VIEWS).exists()

    def tree(self) -> AuditStore:
        return AuditStore(self._tree)

    def signing_key(self, name: str) -> SigningKey:
        return take_signing_key(self.directory / AUDIT_KEY, name)

    def session_key(self) -> bytes:
        return make_key(self.directory / SESSION_KEY)

    def unsound(self) -> Iterator[str]:
        return unsound(self.directory / LOG)

    def copy_tree_to(self, path: Path) -> None:
        """Write a copy of one moment while in use."""
        self._tree.copy_to(path)

    def close(self) -> None:
        for opened in ("vault", "views", "_log", "_tree"):
            if opened in vars(self):
                vars(self)[opened].close()


if TYPE_CHECKING:
    _conforms: type[Storage] = SQLiteStorage
