"""What the tree answers: checkpoints, tiles and proofs, each from a few tiles."""

import base64

import msgspec

from application.adapters.audit_store import AuditStore
from application.errors import InvalidError, NotFoundError
from domain.transparency.hashing import HASH_BYTES
from domain.transparency.tiles import place_of, width_at
from domain.transparency.tree import Tree


class Inclusion(msgspec.Struct, frozen=True, kw_only=True):
    """That an event is in the tree of a size; hashes in base64, as RFC 6962 orders."""

    position: int
    leaf_index: int
    leaf_hash: str
    size: int
    root: str
    hashes: list[str]


class Consistency(msgspec.Struct, frozen=True, kw_only=True):
    """That a tree begins with all of an older one."""

    old_size: int
    old_root: str
    size: int
    root: str
    hashes: list[str]


def newest_checkpoint(store: AuditStore) -> str:
    """Return the newest checkpoint with all its signatures. Raises NotFoundError."""
    newest = store.newest()
    if newest is None:
        msg = "There is no checkpoint yet: the service signs the first one in a moment."
        raise NotFoundError(msg)
    return newest.note


def checkpoint_at(store: AuditStore, size: int) -> str:
    """Return the checkpoint of a size. Raises NotFoundError."""
    found = store.checkpoint(size)
    if found is None:
        msg = f"There is no checkpoint of {size} events."
        raise NotFoundError(msg)
    return found.note


def tile(store: AuditStore, level: str, rest: str) -> bytes:
    """Return the hashes of the tile at a path below `tile/`. Raises NotFoundError."""
    place = place_of(level, rest)
    if place is not None:
        newest = store.newest()
        width = width_at(newest.size if newest else 0, place.level, place.number)
        hashes = store.tile(place.level, place.number) if place.width <= width else b""
        wanted = hashes[: place.width * HASH_BYTES]
        if place.width <= width and len(wanted) == place.width * HASH_BYTES:
            return wanted
    msg = "There is no such tile."
    raise NotFoundError(msg)


def prove_inclusion(
    store: AuditStore, position: int, *, size: int | None = None
) -> Inclusion:
    """Prove that the log has an event at its position. Raises InvalidError."""
    tree, size = _tree(store, "size", size)
    if not 1 <= position <= size:
        msg = f"Of {size} signed events none has this position."
        raise InvalidError.of("position", msg)
    return Inclusion(
        position=position,
        leaf_index=position - 1,
        leaf_hash=_text(tree.leaf(position - 1)),
        size=size,
        root=_text(tree.root(size)),
        hashes=[_text(each) for each in tree.inclusion(position - 1, size)],
    )


def prove_consistency(
    store: AuditStore, old_size: int, *, size: int | None = None
) -> Consistency:
    """Prove that the log only grew between two sizes. Raises InvalidError."""
    tree, size = _tree(store, "size", size)
    if not 0 <= old_size <= size:
        msg = f"It cannot be larger than {size}, the size to compare with."
        raise InvalidError.of("old_size", msg)
    return Consistency(
        old_size=old_size,
        old_root=_text(tree.root(old_size)),
        size=size,
        root=_text(tree.root(size)),
        hashes=[_text(each) for each in tree.consistency(old_size, size)],
    )


def _tree(store: AuditStore, field: str, size: int | None) -> tuple[Tree, int]:
    newest = store.newest()
    newest_size = newest.size if newest else 0
    size = newest_size if size is None else size
    if size > newest_size:
        msg = f"Only {newest_size} events are signed so far."
        raise InvalidError.of(field, msg)
    return Tree(store.tile, newest_size), size


def _text(hashed: bytes) -> str:
    return base64.b64encode(hashed).decode()
