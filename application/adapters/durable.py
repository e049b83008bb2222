"""Files that are on the disk, name and all, when the call returns."""

import contextlib
import os
import secrets
from pathlib import Path


def sync_directory(directory: Path) -> None:
    """Let the names in a directory outlive a loss of power."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_once(path: Path, content: bytes) -> None:
    """Make a file that only its owner can read, unless there is one.

    It appears whole or not at all; of several processes that try at once one makes it.
    """
    beside = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # A link never replaces a file that is there already, a rename would.
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(beside)
            sync_directory(path.parent)
    finally:
        beside.unlink()


def replace(path: Path, content: bytes) -> None:
    """Make a file that only its owner can read, in the place of the one before."""
    beside = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        write_once(beside, content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    sync_directory(path.parent)
