"""OpenWrt releases: which is newer, and what an old one cannot do.

Facts: the releases of the OpenWrt project, 15.05 to 25.12. A revision such as
`r24012-d8dd03c46f` counts commits on its own branch: counts of one branch can be
compared, counts of two branches cannot.
"""

import re
from enum import Enum

import msgspec

_VERSION = re.compile(
    r"v?(\d{1,6}(?:\.\d{1,6}){0,3})(?:-(rc(\d{1,4})|snapshot))?",
    re.IGNORECASE | re.ASCII,
)
_REVISION = re.compile(r"r(\d{1,9})(?:[+-].*)?", re.DOTALL | re.ASCII)
_FIRST_WITH_ED25519 = (21, 2)
_FIRST_WITH_COMPAT_VERSION = (21, 2)
_FIRST_WITH_SKIP_LIST_OVERLAY = (19, 7)
_OPTIONS_SINCE_19_07 = frozenset("uok")


class Order(Enum):
    """How a new release stands to an old one."""

    NEWER = "newer"
    SAME = "same"
    OLDER = "older"
    UNKNOWN = "unknown"


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """A release as a router or an image names it.

    `numbers` is empty for the development branch (`SNAPSHOT`) and for versions that
    do not look like OpenWrt's. `candidate` is n of `-rcn`. `commits` is n of a
    revision `rn-hash`, None where there is none.
    """

    version: str
    revision: str = ""
    numbers: tuple[int, ...] = ()
    candidate: int | None = None
    is_snapshot: bool = False
    commits: int | None = None

    @classmethod
    def parse(cls, version: str, revision: str = "") -> "Release":
        """Read what a router or an image says; never raises."""
        version, revision = version.strip(), revision.strip()
        found = _VERSION.fullmatch(version)
        counted = _REVISION.fullmatch(revision)
        suffix = (found[2] or "").lower() if found else ""
        return cls(
            version=version,
            revision=revision,
            numbers=tuple(map(int, found[1].split("."))) if found else (),
            candidate=int(found[3]) if found and found[3] else None,
            is_snapshot=suffix == "snapshot" or version.lower() == "snapshot",
            commits=int(counted[1]) if counted else None,
        )

    @property
    def is_development(self) -> bool:
        """Whether this is the development branch, ahead of every numbered one."""
        return self.is_snapshot and not self.numbers

    @property
    def is_known(self) -> bool:
        return bool(self.numbers) or self.is_snapshot

    @property
    def branch(self) -> tuple[int, ...]:
        return self.numbers[:2]

    def is_before(self, branch: tuple[int, ...]) -> bool:
        """Whether this is certainly older than a branch, e.g. `(21, 2)` for 21.02."""
        return bool(self.numbers) and self.branch < branch

    @property
    def offers_only_sha1(self) -> bool:
        """Whether its SSH server knows no host key but ssh-rsa with SHA-1."""
        return self.is_before(_FIRST_WITH_ED25519)

    @property
    def knows_compat_version(self) -> bool:
        return not self.is_before(_FIRST_WITH_COMPAT_VERSION)

    def knows_option(self, letter: str) -> bool:
        """Whether its sysupgrade has the option `-letter`."""
        return letter not in _OPTIONS_SINCE_19_07 or not self.is_before(
            _FIRST_WITH_SKIP_LIST_OVERLAY
        )

    def __str__(self) -> str:
        return " ".join(filter(None, (self.version, self.revision))) or "unknown"


def compare(old: Release, new: Release) -> Order:
    """Tell how `new` stands to `old`; UNKNOWN where the names do not tell."""
    if (old.version, old.revision) == (new.version, new.revision):
        return Order.SAME
    if not (old.is_known and new.is_known):
        return Order.UNKNOWN
    if old.is_development != new.is_development:
        return Order.OLDER if old.is_development else Order.NEWER
    return _compare_on_one_line(old, new)


def is_downgrade(old: Release, new: Release) -> bool:
    """Whether a person should confirm that `new` replaces `old`.

    Conservative: what cannot be told is called a downgrade. Only where the running
    version is not known at all (blank) there is nothing to compare, so False.
    """
    if not old.version:
        return False
    return compare(old, new) in {Order.OLDER, Order.UNKNOWN}


def _compare_on_one_line(old: Release, new: Release) -> Order:
    left, right = _rank(old), _rank(new)
    if left != right:
        return Order.NEWER if right > left else Order.OLDER
    if old.commits is None or new.commits is None:
        return Order.SAME if old.revision == new.revision else Order.UNKNOWN
    if old.commits != new.commits:
        return Order.NEWER if new.commits > old.commits else Order.OLDER
    return Order.SAME if old.revision == new.revision else Order.UNKNOWN


def _rank(release: Release) -> tuple[tuple[int, ...], int]:
    """Order within a line: candidates, then the release, then its branch's builds."""
    numbers = release.numbers + (0,) * (4 - len(release.numbers))
    if release.is_snapshot and release.numbers:
        # `23.05-SNAPSHOT` is built from the branch after each of its point releases
        numbers = (*release.branch, 1 << 30, 0)
    return numbers, 1 << 30 if release.candidate is None else release.candidate
