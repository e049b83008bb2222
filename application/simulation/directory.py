"""Flashlog's directory on a simulated router, and the guard that lies in it.

It plays `guard.sh`, `restore.sh`, `claim.sh` and `settle.sh`; the contract test holds
both together.
"""

from dataclasses import dataclass, field

DIRECTORY = "/tmp/flashlog"  # noqa: S108 - of another machine


class RefusedError(Exception):
    """The guard refuses: `word` and `detail` go out as they are."""

    def __init__(self, word: str, detail: str = "") -> None:
        self.word = word
        self.detail = detail
        super().__init__(word)


@dataclass
class Flash:
    """A flash that was begun; `status` is sysupgrade's exit status once it ended."""

    begun_uptime: float
    running: bool = False
    asked_procd: bool = False
    status: int | None = None
    log: list[str] = field(default_factory=list)

    @property
    def was_refused(self) -> bool:
        return self.status not in (None, 0, 246)


@dataclass
class Directory:
    """What /tmp/flashlog holds; it is gone with the reboot."""

    installation: str
    operation: str
    visit: int
    path: str = ""
    past: set[tuple[str, str]] = field(default_factory=set)
    services: list[str] = field(default_factory=list)
    wifi: bool = False
    canary: str = ""
    deadline: float | None = None
    fired: bool = False
    flash: Flash | None = None
    settled: bool = False

    @property
    def flash_guard(self) -> bool:
        return self.fired or self.flash is not None

    def belongs_to(self, installation: str, operation: str) -> bool:
        return (self.installation, self.operation) == (installation, operation)


@dataclass(frozen=True)
class Visitor:
    """The fence that a script carries."""

    installation: str
    operation: str
    visit: int
    boot_id: str


@dataclass(frozen=True)
class Owed:
    """What the log says is owed to the router."""

    services: tuple[str, ...]
    wifi: bool


def check_owner(directory: Directory | None, visitor: Visitor) -> Directory:
    """Refuse whoever is not the owner, or is of an older visit."""
    if directory is None:
        raise RefusedError("gone", DIRECTORY)
    if not directory.belongs_to(visitor.installation, visitor.operation):
        raise RefusedError("foreign", f"{directory.installation} {directory.operation}")
    if directory.visit > visitor.visit:
        raise RefusedError("newer-visit", str(directory.visit))
    return directory


def check_guard(directory: Directory | None, visitor: Visitor) -> Directory:
    """Refuse what `guard` refuses, but for reboot and a foreign sysupgrade."""
    directory = check_owner(directory, visitor)
    if directory.fired:
        raise RefusedError("fired", directory.operation)
    if directory.settled:
        raise RefusedError("settled", str(directory.visit))
    if directory.flash is not None:
        raise RefusedError("flash-guard", directory.operation)
    directory.visit = visitor.visit
    return directory


def owes_first(
    directory: Directory | None, visitor: Visitor, previous: str
) -> Directory | None:
    """Judge a claim; return the directory that must be given back before it."""
    if directory is None:
        return None
    owes = None
    if directory.belongs_to(visitor.installation, visitor.operation):
        check_owner(directory, visitor)
        if (
            directory.settled
            and not directory.fired
            and directory.visit == visitor.visit
        ):
            raise RefusedError("settled", str(directory.visit))
    else:
        if (visitor.installation, visitor.operation) in directory.past:
            raise RefusedError(
                "foreign", f"{directory.installation} {directory.operation}"
            )
        if not directory.settled:
            owes = _owed_to_previous(directory, visitor, previous)
    if directory.flash is not None and not (
        directory.fired or directory.settled or owes
    ):
        raise RefusedError("flash-guard", directory.operation)
    return owes


def _owed_to_previous(
    directory: Directory, visitor: Visitor, previous: str
) -> Directory:
    if directory.installation != visitor.installation:
        raise RefusedError("foreign", f"{directory.installation} {directory.operation}")
    if directory.operation != previous:
        raise RefusedError("owed", directory.operation)
    return directory


def take_over(
    directory: Directory | None, visitor: Visitor, path: str, owed: Owed
) -> Directory:
    """Return the directory as the claim leaves it; what was not restored stays owed.

    A new one knows what is `owed` only from the log.
    """
    if directory is None:
        return Directory(
            visitor.installation,
            visitor.operation,
            visitor.visit,
            path=path,
            services=list(owed.services),
            wifi=owed.wifi,
        )
    if not directory.belongs_to(visitor.installation, visitor.operation):
        directory.past.add((directory.installation, directory.operation))
    directory.installation = visitor.installation
    directory.operation = visitor.operation
    directory.visit = visitor.visit
    directory.path = path
    directory.settled = directory.fired = False
    directory.flash = None
    return directory
