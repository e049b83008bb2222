"""RFC 6962, section 2.1, written down as it stands there, over all leaves at once."""

from collections.abc import Callable, Sequence
from hashlib import sha256

from domain.transparency.tree import GrowingTree

Leaves = Sequence[bytes]


def root_of(leaves: Leaves) -> bytes:
    """MTH over hashes of leaves."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else sha256(b"").digest()
    k = _split(leaves)
    return sha256(b"\x01" + root_of(leaves[:k]) + root_of(leaves[k:])).digest()


def path(m: int, leaves: Leaves) -> list[bytes]:
    """PATH(m, D[n])."""
    if len(leaves) == 1:
        return []
    k = _split(leaves)
    if m < k:
        return [*path(m, leaves[:k]), root_of(leaves[k:])]
    return [*path(m - k, leaves[k:]), root_of(leaves[:k])]


def proof(m: int, leaves: Leaves) -> list[bytes]:
    """PROOF(m, D[n]) for 0 < m < n."""
    return _subproof(m, leaves, is_known=True)


def _subproof(m: int, leaves: Leaves, *, is_known: bool) -> list[bytes]:
    if m == len(leaves):
        return [] if is_known else [root_of(leaves)]
    k = _split(leaves)
    if m <= k:
        return [*_subproof(m, leaves[:k], is_known=is_known), root_of(leaves[k:])]
    return [*_subproof(m - k, leaves[k:], is_known=False), root_of(leaves[:k])]


def _split(leaves: Leaves) -> int:
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return k


def some_leaves(count: int) -> list[bytes]:
    return [sha256(b"\x00" + str(number).encode()).digest() for number in range(count)]


class Kept:
    """Tiles in memory, and which of them were read."""

    def __init__(self, leaves: Leaves) -> None:
        self.tree = GrowingTree()
        self.tiles: dict[tuple[int, int], bytes] = {}
        self.read: list[tuple[int, int]] = []
        counts: dict[int, int] = {}
        for leaf in leaves:
            for level, completed in enumerate(self.tree.add(leaf)):
                index = counts.get(level, 0)
                counts[level] = index + 1
                place = (level, index // 256)
                self.tiles[place] = self.tiles.get(place, b"") + completed

    @property
    def reader(self) -> Callable[[int, int], bytes]:
        def read(level: int, number: int) -> bytes:
            self.read.append((level, number))
            return self.tiles[level, number]

        return read
