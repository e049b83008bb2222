"""What an installation can prove of its log, put together."""

from application.adapters.audit_store import AuditStore
from application.adapters.log.rows import StoredRows
from application.audit.keeper import TreeKeeper
from domain.transparency.note import SigningKey


class Audit:
    """The log as it is stored, its tree, and the key that signs checkpoints."""

    def __init__(
        self,
        rows: StoredRows,
        store: AuditStore,
        key: SigningKey,
        *,
        checkpoint_events_max: int,
    ) -> None:
        self.rows = rows
        self.store = store
        self.key = key
        self._checkpoint_events_max = checkpoint_events_max

    @property
    def vkey(self) -> str:
        """The public key: what others verify checkpoints with."""
        return self.key.verifier.text

    def keeper(self) -> TreeKeeper:
        """Return who lets the tree grow. Raises ChangedLogError."""
        return TreeKeeper(
            self.rows, self.store, self.key, events_max=self._checkpoint_events_max
        )

    def close(self) -> None:
        self.rows.close()
        self.store.close()
