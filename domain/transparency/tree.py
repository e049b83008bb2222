"""A tree that grows at its end, and what can be asked of one that is kept in tiles."""

from collections.abc import Callable, Sequence

from domain.transparency.hashing import EMPTY_ROOT, HASH_BYTES, node_hash
from domain.transparency.tiles import HEIGHT, WIDTH

# Returns the hashes of a tile, one after the other: its level, its number.
Tiles = Callable[[int, int], bytes]


class GrowingTree:
    """A tree of any size in a few hashes: the roots of its full subtrees.

    `peaks` are those of a tree of `size` leaves, the widest first.
    """

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        self.size = size
        self._peaks = list(peaks)

    def add(self, leaf: bytes) -> Sequence[bytes]:
        """Put the hash of the next leaf in its place.

        Returns what is complete by it and belongs into tiles, one hash for each level
        from 0 on.
        """
        completed, here, index, height = [leaf], leaf, self.size, 0
        while index & 1:
            here = node_hash(self._peaks.pop(), here)
            index >>= 1
            height += 1
            if height % HEIGHT == 0:
                completed.append(here)
        self._peaks.append(here)
        self.size += 1
        return completed

    def root(self) -> bytes:
        if not self._peaks:
            return EMPTY_ROOT
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = node_hash(peak, root)
        return root

    def copy(self) -> "GrowingTree":
        return GrowingTree(self.size, self._peaks)


class Tree:
    """A tree of some size in tiles; a question reads a few of them, each once."""

    def __init__(self, tiles: Tiles, size: int) -> None:
        self.size = size
        self._tiles = tiles
        self._read: dict[tuple[int, int], bytes] = {}

    def root(self, size: int | None = None) -> bytes:
        """Return the root of the tree, or of its first leaves."""
        size = self.size if size is None else size
        return self._span(0, size) if size else EMPTY_ROOT

    def leaf(self, index: int) -> bytes:
        """Return the hash of a leaf."""
        return self._node(0, index)

    def growing(self) -> GrowingTree:
        """Return what is needed to go on."""
        peaks, start = [], 0
        for height in reversed(range(self.size.bit_length())):
            if self.size >> height & 1:
                peaks.append(self._node(height, start >> height))
                start += 1 << height
        return GrowingTree(self.size, peaks)

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """Prove that a leaf is in the tree of a size: PATH of RFC 6962, 2.1.1."""
        proof, start, end = [], 0, size
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                proof.append(self._span(middle, end))
                end = middle
            else:
                proof.append(self._span(start, middle))
                start = middle
        return proof[::-1]

    def consistency(self, old_size: int, size: int) -> list[bytes]:
        """Prove that a tree is the beginning of another: PROOF of RFC 6962, 2.1.2."""
        if old_size in {0, size}:
            return []
        proof, start, end = [], 0, size
        while old_size != end:
            middle = start + _split(end - start)
            if old_size <= middle:
                proof.append(self._span(middle, end))
                end = middle
            else:
                proof.append(self._span(start, middle))
                start = middle
        # What both trees begin with is known to who has the old root.
        return ([self._span(start, end)] if start else []) + proof[::-1]

    def _span(self, start: int, end: int) -> bytes:
        """Return the root over some leaves, as a split of the tree makes them."""
        size = end - start
        if size & (size - 1) == 0:
            height = size.bit_length() - 1
            return self._node(height, start >> height)
        middle = start + _split(size)
        return node_hash(self._span(start, middle), self._span(middle, end))

    def _node(self, height: int, index: int) -> bytes:
        """Return the root of a full subtree of 2 ** height leaves."""
        level, above = divmod(height, HEIGHT)
        number, offset = divmod(index << above, WIDTH)
        tile = self._tile(level, number)
        hashes = [
            tile[at * HASH_BYTES : (at + 1) * HASH_BYTES]
            for at in range(offset, offset + (1 << above))
        ]
        while len(hashes) > 1:
            hashes = [
                node_hash(left, right)
                for left, right in zip(hashes[::2], hashes[1::2], strict=True)
            ]
        return hashes[0]

    def _tile(self, level: int, number: int) -> bytes:
        if (level, number) not in self._read:
            self._read[level, number] = self._tiles(level, number)
        return self._read[level, number]


def _split(size: int) -> int:
    """Return the largest power of 2 below a size."""
    return 1 << ((size - 1).bit_length() - 1)
