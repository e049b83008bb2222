"""Everything that processes share in one PostgreSQL database."""

import base64
import secrets
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from application.adapters.audit_store import AuditStore
from application.adapters.kept import KeptFiles, KeptRows
from application.adapters.kept_sealed import KeptSealed
from application.adapters.log.appending import require_format
from application.adapters.log.event import utc_now
from application.adapters.log.rows import StoredRows
from application.adapters.log.taking_over import LogInheritance
from application.adapters.postgres.asked import AskedRows
from application.adapters.postgres.database import PostgresDatabase
from application.adapters.postgres.fitness import require_fit
from application.adapters.postgres.listener import Listener
from application.adapters.postgres.locks import AdvisoryLocks
from application.adapters.postgres.log import PostgresLog
from application.adapters.postgres.pool import Pool
from application.adapters.postgres.presence import PostgresPresence
from application.adapters.postgres.soundness import unsound
from application.adapters.postgres.vault_rows import VaultRows
from application.adapters.signing_key import take_signing_key
from application.adapters.sqlite.storage import (
    AUDIT_KEY,
    SESSION_KEY,
    VAULT,
    VAULT_KEY,
)
from application.adapters.vault import Vault
from application.adapters.vault_file import VaultFile
from application.adapters.vault_key import KEY_BYTES
from domain.transparency.note import SigningKey

if TYPE_CHECKING:
    from application.adapters.storage import Storage

_SHARED_FORMAT = 2
_LOG_BYTES = (
    "SELECT coalesce(sum(pg_total_relation_size(pg_class.oid)), 0)::bigint"
    " FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace"
    " WHERE nspname = ? AND relkind IN ('r', 'p')"
)


class PostgresStorage:
    """The scaled-out mode: any number of processes on any machines.

    `directory` has what is files in any case: images, recordings, the vault's key. An
    installation that had all in there before goes on with its id, its keys and what is
    in its vault.
    """

    def __init__(
        self, url: str, directory: Path, *, connections_max: int, **limits: float
    ) -> None:
        self.directory = directory
        self._pool = Pool(url, connections_max=connections_max, **limits)
        self._listener = Listener(self._pool)
        self.name = self._pool.name
        self._log = self._part("log")
        self._tree = self._part("audit")
        self.views = self._part("views", is_durable=False)
        shared = self._part("shared")
        try:
            require_fit(self._pool)
            require_format(shared, _SHARED_FORMAT, lambda: _make(shared))
        except BaseException:
            self.close()
            raise
        self.locks = AdvisoryLocks(self._listener, name=self.name)
        self.presence = PostgresPresence(shared, self._listener)
        self.asked = AskedRows(shared)
        before = KeptFiles(directory)
        self.kept = KeptRows(shared, before)
        self.secrets = KeptSealed(lambda: self.vault, before)

    @cached_property
    def vault(self) -> Vault:
        rows = VaultRows(self._part("vault"))
        before = self.directory / VAULT
        if before.exists():
            with closing(VaultFile(before)) as file:
                rows.take_over(file.rows())
        return Vault(rows, self.directory / VAULT_KEY)

    def has_log(self) -> bool:
        return self._log.format() > 0

    def log(self, *, now: Callable[[], datetime] = utc_now) -> PostgresLog:
        return PostgresLog(self._log, now=now)

    def log_bytes(self) -> int:
        with self._log.reading() as connection:
            (size_bytes,) = connection.execute(
                _LOG_BYTES, (self._log.schema,)
            ).fetchone()
        return int(size_bytes)

    def rows(self) -> StoredRows:
        return StoredRows(self._log)

    def inheritance(self) -> LogInheritance:
        self.log()
        return LogInheritance(self._log)

    def has_tree(self) -> bool:
        return self._tree.format() > 0

    def has_views(self) -> bool:
        return self.views.format() > 0

    def tree(self) -> AuditStore:
        return AuditStore(self._tree)

    def signing_key(self, name: str) -> SigningKey:
        before = self.directory / AUDIT_KEY
        if before.exists() and not self.secrets.has(AUDIT_KEY):
            take_signing_key(before, name)  # refuses one that is damaged, or no secret
        made = f"{SigningKey.make(name).text}\n".encode()
        return SigningKey.read(self.secrets.save_first(AUDIT_KEY, made).decode())

    def session_key(self) -> bytes:
        made = base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n"
        return base64.b64decode(self.secrets.save_first(SESSION_KEY, made).strip())

    def unsound(self) -> Iterator[str]:
        return unsound(self._log)

    def close(self) -> None:
        self._listener.close()
        self._pool.close()

    def _part(self, part: str, *, is_durable: bool = True) -> PostgresDatabase:
        return PostgresDatabase(self._pool, self._listener, part, is_durable=is_durable)


def _make(shared: PostgresDatabase) -> None:
    schema = files(__package__).joinpath("shared.sql").read_text()
    shared.make_as_written(schema, format_number=_SHARED_FORMAT)


if TYPE_CHECKING:
    _conforms: type[Storage] = PostgresStorage
