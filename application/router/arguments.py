"""What goes into a script unquoted or into the log as a command: only harmless text."""

import re
from collections.abc import Sequence

# Outside everything that any option of sysupgrade keeps, save -o (whole overlay).
CANARY_PATH = "/usr/share/flashlog.canary"

_SAFE_PATH = re.compile(r"/[A-Za-z0-9._/-]+")
_FLAG = re.compile(r"-[A-Za-z]|--[a-z-]+")


def safe_path(path: str) -> str:
    """Return the path if it is absolute and of harmless characters, else ValueError."""
    if not _SAFE_PATH.fullmatch(path) or ".." in path:
        raise ValueError(f"not a safe path on a router: {path!r}")
    return path


def joined_flags(flags: Sequence[str]) -> str:
    """Return options of sysupgrade as one text; ValueError for anything else."""
    if bad := [flag for flag in flags if not _FLAG.fullmatch(flag)]:
        raise ValueError(f"no option of sysupgrade: {bad!r}")
    return " ".join(flags)


def sysupgrade_command(path: str, flags: Sequence[str]) -> str:
    """Return the command that the flash script runs, for the log."""
    return " ".join(["/sbin/sysupgrade", *joined_flags(flags).split(), safe_path(path)])
