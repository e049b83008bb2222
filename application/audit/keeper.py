"""Lets the tree grow with the log, and signs how far it is.

The tree has always the size of the newest checkpoint: both are kept in one transaction.
A changed log changes no hash that the tree has already, so it is found by who compares.
"""

import logging

from application.adapters.sqlite.audit_store import AuditStore, KeptCheckpoint
from application.adapters.sqlite.rows import StoredRows
from domain.transparency.checkpoint import Checkpoint
from domain.transparency.hashing import HASH_BYTES
from domain.transparency.leaf import NoLeafError, StoredRow, leaf_hash_of
from domain.transparency.note import Note, NoteError, SigningKey
from domain.transparency.tiles import HEIGHT, WIDTH, width_at
from domain.transparency.tree import GrowingTree, Tree

_REBUILT_AT_ONCE = 10_000

_log = logging.getLogger(__name__)


class ChangedLogError(Exception):
    """The log is not any more what was signed, so nothing more is signed."""


class TreeKeeper:
    """Takes in events and signs checkpoints; one at a time, guarded by the caller."""

    def __init__(
        self, rows: StoredRows, store: AuditStore, key: SigningKey, *, events_max: int
    ) -> None:
        self._rows = rows
        self._store = store
        self._key = key
        self._events_max = events_max
        self._tiles: dict[tuple[int, int], bytearray] = {}
        self._tree = self._kept_tree()

    @property
    def size(self) -> int:
        return self._tree.size

    def catch_up(self) -> int:
        """Sign up to the end of the log, a checkpoint every `events_max` at most.

        Returns the size of the tree. Raises ChangedLogError; what was signed before
        stays.
        """
        end = self._rows.end()
        if end < self.size:
            msg = (
                f"the log ends at {end}, but {self.size} events were signed: "
                "`flashlog audit verify` tells more"
            )
            raise ChangedLogError(msg)
        while self.size < end:
            limit = min(end - self.size, self._events_max)
            tree = self._tree.copy()
            self._tiles.clear()
            for row in self._rows.all(after=tree.size, until=tree.size + limit):
                self._take(tree, row)
            self._store.grow(self._changed(), [self._signed(tree)])
            self._tree = tree
        return self.size

    def _take(self, tree: GrowingTree, row: StoredRow) -> None:
        index = tree.size
        if row.position != index + 1:
            msg = f"the log has no event at position {index + 1}"
            raise ChangedLogError(msg)
        try:
            leaf = leaf_hash_of(row)
        except NoLeafError:
            msg = f"the event at position {row.position} is none that Flashlog wrote"
            raise ChangedLogError(msg) from None
        for level, completed in enumerate(tree.add(leaf)):
            self._put(level, index >> HEIGHT * level, completed)

    def _put(self, level: int, at: int, completed: bytes) -> None:
        place = (level, at // WIDTH)
        if place not in self._tiles:
            # What is beyond the tree is left from where a checkpoint was lost.
            kept = self._store.tile(*place)[: at % WIDTH * HASH_BYTES]
            if len(kept) != at % WIDTH * HASH_BYTES:
                msg = f"hashes of level {level} of the tree are gone"
                raise ChangedLogError(msg)
            self._tiles[place] = bytearray(kept)
        self._tiles[place] += completed

    def _changed(self) -> dict[tuple[int, int], bytes]:
        return {place: bytes(hashes) for place, hashes in self._tiles.items()}

    def _signed(self, tree: GrowingTree) -> KeptCheckpoint:
        key = self._key
        checkpoint = Checkpoint(key.verifier.name, tree.size, tree.root())
        note = checkpoint.signed(key).whole
        return KeptCheckpoint(tree.size, note, key.verifier.text)

    def _kept_tree(self) -> GrowingTree:
        """Return the tree as it is kept; where its tiles are lost they are made again.

        Raises ChangedLogError where the log does not have the roots that were signed.
        """
        newest = self._store.newest()
        if newest is None:
            return GrowingTree()
        kept = Tree(self._store.tile, newest.size)
        if self._is_whole(newest.size):
            growing = kept.growing()
            if growing.root() == _root_of(newest):
                return growing
        _log.warning("action=tiles_made_again they were not what was signed")
        return self._made_again(newest.size)

    def _is_whole(self, size: int) -> bool:
        """Whether the tiles that are needed to go on are there."""
        for level in range(size.bit_length() // HEIGHT + 1):
            number = (size >> HEIGHT * level) // WIDTH
            width = width_at(size, level, number)
            if len(self._store.tile(level, number)) < width * HASH_BYTES:
                return False
        return True

    def _made_again(self, size: int) -> GrowingTree:
        tree = GrowingTree()
        signed = self._store.checkpoints()
        following = next(signed, None)
        for row in self._rows.all(until=size):
            self._take(tree, row)
            while following is not None and following.size == tree.size:
                if _root_of(following) != tree.root():
                    break
                following = next(signed, None)
            if len(self._tiles) * WIDTH >= _REBUILT_AT_ONCE:
                self._store.grow(self._changed())
                self._tiles.clear()
        if following is not None:
            msg = (
                f"the log is not what the checkpoint of {following.size} events "
                "signed: `flashlog audit verify` tells more"
            )
            raise ChangedLogError(msg)
        self._store.grow(self._changed())
        self._tiles.clear()
        return tree


def _root_of(kept: KeptCheckpoint) -> bytes:
    try:
        return Checkpoint.read(Note.read(kept.note).text).root
    except NoteError as error:
        msg = f"the checkpoint of {kept.size} events was changed: {error}"
        raise ChangedLogError(msg) from None
