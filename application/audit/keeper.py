"""Lets the tree grow with the log, and signs how far it is.

The tree has always the size of the newest checkpoint: both are kept in one transaction.
A changed log changes no hash that the tree has already, so it is found by who compares.
"""

from collections.abc import Callable

from application.adapters.audit_store import AuditStore, KeptCheckpoint
from application.adapters.log.rows import StoredRows
from application.audit.tiling import ChangedLogError, TileWriter, kept_tree
from domain.transparency.checkpoint import Checkpoint
from domain.transparency.note import SigningKey
from domain.transparency.tree import GrowingTree


class TreeKeeper:
    """Takes in events and signs checkpoints; one at a time, guarded by the caller."""

    def __init__(
        self, rows: StoredRows, store: AuditStore, key: SigningKey, *, events_max: int
    ) -> None:
        self._rows = rows
        self._store = store
        self._key = key
        self._events_max = events_max
        self._tree = kept_tree(rows, store)

    @property
    def size(self) -> int:
        return self._tree.size

    def catch_up(self, *, is_enough: Callable[[], bool] = lambda: False) -> int:
        """Sign up to the end of the log, a checkpoint every `events_max` at most.

        Before each it is asked whether it `is_enough`. Returns the size of the tree.
        Raises ChangedLogError; what was signed before stays.
        """
        end = self._rows.end()
        if end < self.size:
            msg = (
                f"the log ends at {end}, but {self.size} events were signed: "
                "`flashlog audit verify` tells more"
            )
            raise ChangedLogError(msg)
        while self.size < end and not is_enough():
            writer = TileWriter(self._store, self._tree.copy())
            until = min(end, self.size + self._events_max)
            for row in self._rows.all(after=self.size, until=until):
                writer.take(row)
            writer.save([self._signed(writer.tree)])
            self._tree = writer.tree
        return self.size

    def _signed(self, tree: GrowingTree) -> KeptCheckpoint:
        key = self._key
        checkpoint = Checkpoint(key.verifier.name, tree.size, tree.root())
        note = checkpoint.signed(key).whole
        return KeptCheckpoint(tree.size, note, key.verifier.text)
