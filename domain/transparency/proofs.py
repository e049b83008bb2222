"""Whether proofs hold: the algorithms of RFC 9162, 2.1.3.2 and 2.1.4.2."""

from collections.abc import Sequence

from domain.transparency.hashing import EMPTY_ROOT, node_hash


def is_included(
    leaf: bytes, *, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> bool:
    """Whether the hash of a leaf is at an index of the tree with this size and root."""
    if not 0 <= index < size:
        return False
    at, last, here = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            here = node_hash(sibling, here)
            at, last = _to_right_child(at, last)
        else:
            here = node_hash(here, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and here == root


def is_consistent(
    *, old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether a tree begins with all that was in an older one."""
    if old_size == size:
        return not proof and old_root == root
    if old_size == 0:
        return not proof and old_root == EMPTY_ROOT and size > 0
    is_full = old_size & (old_size - 1) == 0
    path = [old_root, *proof] if is_full else list(proof)
    if not proof or not 0 < old_size < size:
        return False
    at, last = old_size - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old_here = here = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old_here = node_hash(sibling, old_here)
            here = node_hash(sibling, here)
            at, last = _to_right_child(at, last)
        else:
            here = node_hash(here, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and old_here == old_root and here == root


def _to_right_child(at: int, last: int) -> tuple[int, int]:
    """Skip the levels on which a node at the end of the tree has no sibling."""
    while not at & 1 and at:
        at, last = at >> 1, last >> 1
    return at, last
