"""What a verification of the log has found."""

from collections.abc import Iterator
from enum import StrEnum

import msgspec

_RANGES_MAX = 100
_FINDINGS_MAX = 1000


class Kind(StrEnum):
    """What is wrong at some positions."""

    CHANGED = "changed"  # these events are not what was signed, all others are
    UNREADABLE = "unreadable"  # the file is damaged here; of all others is told
    MISSING = "missing"  # these events were signed and are not there
    ADDED = "added"  # nobody appends at such a position
    BETWEEN = "between"  # somewhere here; the hashes that could tell are gone, too
    FORKED = "forked"  # another log was signed up to here
    SIGNATURE = "signature"  # whose signature it should be, it is not
    TILES = "tiles"  # the log is right, the hashes kept of it are not
    RECORDING = "recording"  # the file that this event names is not what it names
    DATABASE = "database"  # rows may be right, what is answered from them not


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong from one position to another, both included."""

    kind: Kind
    first: int
    last: int
    text: str

    @property
    def sentence(self) -> str:
        where = (
            f"position {self.first}"
            if self.first == self.last
            else f"positions {self.first} to {self.last}"
        )
        return f"{where}: {self.text}"


class Report(msgspec.Struct, kw_only=True):
    """What was looked at, and what is wrong with it.

    `signed` is how many events the newest checkpoint that fits covers, `held` how many
    checkpoints of the verifier's own fit; `unsigned` events are too new to be covered.
    `recordings` were looked at; `recordings_removed` have gone on record, and
    `recordings_absent` have never come here with an import.
    """

    events: int
    signed: int = 0
    checkpoints: int = 0
    held: int = 0
    unsigned: int = 0
    recordings: int = 0
    recordings_removed: int = 0
    recordings_absent: int = 0
    keys: list[str] = []
    findings: list[Finding] = []

    @property
    def is_good(self) -> bool:
        """Whether something was signed and all of it is as it was."""
        return not self.findings and (self.signed > 0 or self.events == 0)

    def add(self, kind: Kind, first: int, last: int, text: str) -> None:
        """Add a finding, one together with its neighbour where both are the same."""
        before = self.findings[-1] if self.findings else None
        if before is not None and before.kind is kind and before.text == text:
            is_next = before.last + 1 == first
            if is_next or len(self.findings) >= _FINDINGS_MAX:
                self.findings.pop()
                first = before.first
        self.findings.append(Finding(kind=kind, first=first, last=last, text=text))


class Differences:
    """Positions that differ from what is kept of them, a few ranges of them."""

    def __init__(self) -> None:
        self._ranges: list[list[int]] = []
        self._kinds: list[Kind] = []

    def __bool__(self) -> bool:
        return bool(self._ranges)

    def note(self, kind: Kind, first: int, last: int) -> None:
        """Note positions that are beyond all before."""
        is_next = bool(self._ranges) and self._ranges[-1][1] == first - 1
        is_same = is_next and self._kinds[-1] is kind
        # Too many to tell: then the last range reaches over what lies between.
        if is_same or len(self._ranges) >= _RANGES_MAX:
            self._ranges[-1][1] = last
        else:
            self._ranges.append([first, last])
            self._kinds.append(kind)

    def take(self) -> Iterator[tuple[Kind, int, int]]:
        """Return all ranges and forget them."""
        found = list(zip(self._kinds, self._ranges, strict=True))
        self._ranges, self._kinds = [], []
        for kind, (first, last) in found:
            yield kind, first, last
