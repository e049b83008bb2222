"""From the rows of the log to the tiles that are kept of its tree, and back again."""

import logging
from collections.abc import Sequence

from application.adapters.audit_store import AuditStore, KeptCheckpoint
from application.adapters.log.rows import StoredRows
from domain.transparency.checkpoint import Checkpoint
from domain.transparency.hashing import HASH_BYTES
from domain.transparency.leaf import NoLeafError, StoredRow, leaf_hash_of
from domain.transparency.note import Note, NoteError
from domain.transparency.tiles import HEIGHT, WIDTH, width_at
from domain.transparency.tree import GrowingTree, Tree

_TILES_AT_ONCE = 40

_log = logging.getLogger(__name__)


class ChangedLogError(Exception):
    """The log is not any more what was signed, so nothing more is signed."""


class TileWriter:
    """Lets a tree grow by rows, and keeps the hashes that are complete."""

    def __init__(self, store: AuditStore, tree: GrowingTree) -> None:
        self.tree = tree
        self._store = store
        self._tiles: dict[tuple[int, int], bytearray] = {}

    @property
    def is_full(self) -> bool:
        """Whether it is time to save."""
        return len(self._tiles) >= _TILES_AT_ONCE

    def take(self, row: StoredRow) -> None:
        """Take in the next row. Raises ChangedLogError where it cannot be that."""
        index = self.tree.size
        leaf = _leaf_of(row, index + 1)
        for level, completed in enumerate(self.tree.add(leaf)):
            self._put(level, index >> HEIGHT * level, completed)

    def save(self, checkpoints: Sequence[KeptCheckpoint] = ()) -> None:
        tiles = {place: bytes(hashes) for place, hashes in self._tiles.items()}
        self._store.grow(tiles, checkpoints)
        self._tiles.clear()

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


def kept_tree(rows: StoredRows, store: AuditStore) -> GrowingTree:
    """Return the tree as it is kept; where its tiles are lost they are made again.

    Raises ChangedLogError where the log does not have the roots that were signed.
    """
    newest = store.newest()
    if newest is None:
        return GrowingTree()
    if _is_whole(store, newest.size):
        growing = Tree(store.tile, newest.size).growing()
        if growing.root() == _root_of(newest):
            return growing
    _log.warning("action=tiles_made_again they were not what was signed")
    return made_again(rows, store, newest.size)


def made_again(rows: StoredRows, store: AuditStore, size: int) -> GrowingTree:
    """Make the tiles of a tree from the log, if that has every root that was signed.

    Raises ChangedLogError; the tiles are as they were then, and tell what was changed.
    """
    _require_signed(rows, store, size)
    writer = TileWriter(store, GrowingTree())
    for row in rows.all(until=size):
        writer.take(row)
        if writer.is_full:
            writer.save()
    writer.save()
    return writer.tree


def _require_signed(rows: StoredRows, store: AuditStore, size: int) -> None:
    """Compare every root that was signed with the log's. Raises ChangedLogError."""
    tree = GrowingTree()
    signed = store.checkpoints()
    following = next(signed, None)
    for row in rows.all(until=size):
        tree.add(_leaf_of(row, tree.size + 1))
        while following is not None and following.size == tree.size:
            if _root_of(following) != tree.root():
                break
            following = next(signed, None)
    if following is not None:
        msg = (
            f"the log is not what the checkpoint of {following.size} events signed: "
            "`flashlog audit verify` tells more"
        )
        raise ChangedLogError(msg)


def _leaf_of(row: StoredRow, position: int) -> bytes:
    """Return the hash of the next row's leaf. Raises ChangedLogError."""
    if row.position != position:
        msg = f"the log has no event at position {position}"
        raise ChangedLogError(msg)
    try:
        return leaf_hash_of(row)
    except NoLeafError:
        msg = f"the event at position {row.position} is none that Flashlog wrote"
        raise ChangedLogError(msg) from None


def _is_whole(store: AuditStore, size: int) -> bool:
    """Whether the tiles that are needed to go on are there."""
    for level in range(size.bit_length() // HEIGHT + 1):
        number = (size >> HEIGHT * level) // WIDTH
        width = width_at(size, level, number)
        if len(store.tile(level, number)) < width * HASH_BYTES:
            return False
    return True


def _root_of(kept: KeptCheckpoint) -> bytes:
    try:
        return Checkpoint.read(Note.read(kept.note).text).root
    except NoteError as error:
        msg = f"the checkpoint of {kept.size} events was changed: {error}"
        raise ChangedLogError(msg) from None
