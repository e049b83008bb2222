"""Compares the log with all that was signed of it, event by event, in constant memory.

Each leaf is computed from the stored row and compared with the hash that is kept of it.
A root that was signed is compared with the one that the rows give; where it differs but
the kept hashes give it, they are the right ones, and tell exactly which rows are not.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from itertools import zip_longest

from application.adapters.audit_store import AuditStore
from application.adapters.log.rows import StoredRows
from application.audit.claims import Claim, claims
from application.audit.findings import Differences, Kind, Report
from application.errors import StorageError
from domain.transparency.hashing import HASH_BYTES
from domain.transparency.leaf import NoLeafError, StoredRow, leaf_hash_of
from domain.transparency.note import Note, VerifierKey
from domain.transparency.tiles import HEIGHT, WIDTH
from domain.transparency.tree import GrowingTree

Progress = Callable[[int, int], None]

_TEXTS = {
    Kind.CHANGED: "not what was signed",
    Kind.UNREADABLE: "cannot be read, the file is damaged",
    Kind.MISSING: "was signed and is gone",
}

# In the place of a leaf's hash.
_NO_LEAF, _UNREADABLE = b"", b"?"
_KINDS = {None: Kind.MISSING, _UNREADABLE: Kind.UNREADABLE}


def verify(
    rows: StoredRows,
    store: AuditStore,
    *,
    keys: Sequence[VerifierKey],
    held: Sequence[Note] = (),
    progress: Progress = lambda _done, _total: None,
) -> Report:
    """Verify a log, which may grow meanwhile; nothing is written.

    `held` are checkpoints that somebody has kept elsewhere. Raises NoteError where one
    of them is none.
    """
    # Asked before the log's end; checkpoints that come meanwhile are not looked at.
    newest = store.newest()
    newest_size = newest.size if newest else 0
    report = Report(events=_end(rows, newest_size), keys=[key.text for key in keys])
    walk = _Walk(rows, store, report, progress=progress)
    with suppress(StorageError):
        for position in rows.before_the_first():
            text = "an event where none can be"
            report.add(Kind.ADDED, position, position, text)
    if _has_more(store, newest_size):
        text = f"hashes are kept of more than the {newest_size} events that are signed"
        report.add(Kind.TILES, newest_size + 1, newest_size + 1, text)
    told = claims(store, held, keys)
    walk.take(each for each in told if each.is_held or each.size <= newest_size)
    report.unsigned = max(0, report.events - walk.seen)
    return report


def _end(rows: StoredRows, newest_size: int) -> int:
    """Return where the log ends; of a damaged one, where it is said to have ended."""
    try:
        return rows.end()
    except StorageError:
        return newest_size


def _has_more(store: AuditStore, size: int) -> bool:
    """Whether there are hashes beyond the newest checkpoint, which is gone then."""
    number, width = divmod(size, WIDTH)
    is_beyond = len(store.tile(0, number)) > width * HASH_BYTES
    # What grew while this was asked is signed by now.
    newest = store.newest()
    return is_beyond and (newest.size if newest else 0) == size


class _Walk:
    """Goes from one signed size to the next."""

    def __init__(
        self,
        rows: StoredRows,
        store: AuditStore,
        report: Report,
        *,
        progress: Progress,
    ) -> None:
        self.seen = 0
        self._rows = rows
        self._store = store
        self._report = report
        self._progress = progress
        # What the rows give and what the kept hashes give; the latter is None as long
        # as both are the same. Either ends where something that it needs is missing.
        self._of_rows: GrowingTree | None = GrowingTree()
        self._of_tiles: GrowingTree | None = None
        self._has_parted = False
        self._differences = Differences()
        self._good = 0
        self._held_good = 0
        self._unsigned = 0
        self._bad: list[Claim] = []

    def take(self, signed: Iterable[Claim]) -> None:
        for claim in signed:
            # A size that nobody has signed may be anything.
            if claim.trouble:
                self._tell_signature(claim)
                continue
            self._go_to(claim.size)
            if self._holds(claim):
                self._tell_forks()
                self._note_good(claim)
            elif claim.is_held or not any(not bad.is_held for bad in self._bad):
                self._bad.append(claim)
        self._tell_range()

    def _go_to(self, size: int) -> None:
        while self.seen < size:
            start = self.seen
            count = min(size - start, WIDTH - start % WIDTH)
            tile = self._store.tile(0, start // WIDTH)
            at = start % WIDTH * HASH_BYTES
            kept = tile[at : at + count * HASH_BYTES]
            if start >= self._report.events and not kept:
                self._end(size)
                return
            found = self._leaves(start, count)
            if self._has_parted or None in found or b"".join(found) != kept:  # type: ignore[arg-type]  # None is asked for first
                self._compare(start, found, kept)
            elif self._of_rows is not None:
                self._grow(self._of_rows, start, found)  # type: ignore[arg-type]  # likewise
            self.seen = start + count
            self._progress(self.seen, self._report.events)

    def _end(self, size: int) -> None:
        """Note at once what neither the log nor the kept hashes have."""
        self._has_parted, self._of_rows, self._of_tiles = True, None, None
        self._differences.note(Kind.MISSING, self.seen + 1, size)
        self.seen = size

    def _leaves(self, start: int, count: int) -> list[bytes | None]:
        """Return the hashes of rows; None where one is missing, blank for no leaf."""
        try:
            rows = self._rows.read(after=start, limit=count)
        except StorageError:
            return [
                self._leaf_alone(position)
                for position in range(start + 1, start + count + 1)
            ]
        if len(rows) == count and rows[-1].position == start + count:
            return [_leaf(row) for row in rows]
        at = {row.position: row for row in rows}
        return [
            _leaf(at[position]) if position in at else None
            for position in range(start + 1, start + count + 1)
        ]

    def _leaf_alone(self, position: int) -> bytes | None:
        """Return one hash, from a file that is damaged around here."""
        try:
            row = next(iter(self._rows.read(after=position - 1, limit=1)), None)
        except StorageError:
            return _UNREADABLE
        return _leaf(row) if row is not None and row.position == position else None

    def _grow(self, tree: GrowingTree, start: int, leaves: Sequence[bytes]) -> None:
        for index, leaf in enumerate(leaves, start):
            for level, completed in enumerate(tree.add(leaf)):
                if level > 0:
                    self._compare_above(level, index >> HEIGHT * level, completed)

    def _compare_above(self, level: int, index: int, completed: bytes) -> None:
        """Compare a hash of full tiles with the one that is kept of them."""
        number, offset = divmod(index, WIDTH)
        at = offset * HASH_BYTES
        if self._store.tile(level, number)[at : at + HASH_BYTES] != completed:
            width = 1 << HEIGHT * level
            text = f"a hash of level {level} that is kept is not the tree's"
            self._report.add(Kind.TILES, index * width + 1, (index + 1) * width, text)

    def _compare(self, start: int, found: Sequence[bytes | None], tile: bytes) -> None:
        if not self._has_parted:
            self._has_parted = True
            self._of_tiles = self._of_rows.copy() if self._of_rows else None
        kept = [tile[at : at + HASH_BYTES] for at in range(0, len(tile), HASH_BYTES)]
        pairs = zip_longest(found, kept)
        for position, (leaf, expected) in enumerate(pairs, start + 1):
            if leaf != expected:
                kind = _KINDS.get(leaf, Kind.CHANGED)
                self._differences.note(kind, position, position)
            self._of_rows = _grown(self._of_rows, leaf)
            self._of_tiles = _grown(self._of_tiles, expected)

    def _holds(self, claim: Claim) -> bool:
        if self._of_rows is not None and self._of_rows.root() == claim.root:
            for _, first, last in self._differences.take():
                text = "the log is right, the hashes kept of it are not"
                self._report.add(Kind.TILES, first, last, text)
            self._has_parted, self._of_tiles = False, None
            return True
        if self._of_tiles is not None and self._of_tiles.root() == claim.root:
            for kind, first, last in self._differences.take():
                self._report.add(kind, first, last, _TEXTS[kind])
            # The rows cannot give a root any more that was signed.
            self._of_rows = None
            return True
        return False

    def _note_good(self, claim: Claim) -> None:
        self._good = claim.size
        if claim.is_held:
            self._held_good = claim.size
            self._report.held += 1
        else:
            self._report.checkpoints += 1
        self._report.signed = claim.size

    def _tell_signature(self, claim: Claim) -> None:
        if claim.is_held:
            text = f"the checkpoint that you hold: {claim.trouble}"
            self._report.add(Kind.SIGNATURE, self._held_good + 1, claim.size, text)
            return
        # One that follows another without a good one between them belongs to it.
        first = max(self._good, self._unsigned) + 1
        self._unsigned = claim.size
        text = f"the checkpoint that is stored: {claim.trouble}"
        self._report.add(Kind.SIGNATURE, first, claim.size, text)

    def _tell_forks(self) -> None:
        """Tell what was signed of another log: what came after it fits this one."""
        for bad in self._bad:
            # Whoever has the key may have made the stored ones anew.
            good = self._held_good if bad.is_held else self._good
            whose = "you hold" if bad.is_held else "is stored"
            text = (
                f"the checkpoint of {bad.size} events that {whose} was signed of "
                "another log than this one, and later ones of this one"
            )
            self._report.add(Kind.FORKED, good + 1, bad.size, text)
        self._bad.clear()

    def _tell_range(self) -> None:
        """Tell where the first root that was signed is not that of the log."""
        if not self._bad:
            return
        bad = self._bad[0]
        text = (
            "the log is not what was signed, and neither are the hashes kept of it, so "
            "that they cannot tell where"
        )
        if self._report.events < bad.size:
            text += f"; the log ends at position {self._report.events}"
        self._report.add(Kind.BETWEEN, self._good + 1, bad.size, text)


def _leaf(row: StoredRow) -> bytes:
    try:
        return leaf_hash_of(row)
    except NoLeafError:
        return _NO_LEAF


def _grown(tree: GrowingTree | None, leaf: bytes | None) -> GrowingTree | None:
    """Let a tree grow as long as there is all that it needs."""
    if tree is None or not leaf or len(leaf) != HASH_BYTES:
        return None
    tree.add(leaf)
    return tree
