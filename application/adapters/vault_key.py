"""The key of the vault: 32 random bytes in a file that only its owner can read.

VaultError
├── VaultKeyError       the key is missing, damaged, readable by others, or another's
├── VaultDamagedError   a record, or the file, is not what was written
└── VaultBusyError      the file is locked, full or not writable just now: try again
    └── VaultLostError  the database that has it cannot be used just now
"""

import base64
import binascii
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from application.adapters.durable import sync_directory, write_once
from application.errors import StorageError

# Takes id, kind and sealed bytes of a record, and seals it anew.
Reseal = Callable[[UUID, str, bytes], bytes]

KEY_BYTES = 32
_OTHERS = 0o077


class VaultError(Exception):
    """The vault cannot give or take what was asked."""


class VaultKeyError(VaultError):
    """The key file does not open this vault; the message says what to do."""


class VaultDamagedError(VaultError):
    """What is stored is not what was written."""


class VaultBusyError(VaultError):
    """The vault's file is locked, full or not writable; nothing was written."""


class VaultLostError(VaultBusyError, StorageError):
    """The database cannot be used, which has the log, too: who works stops for now."""


def make_key(path: Path) -> bytes:
    """Make a key file unless there is one, and return the key that is there.

    The file appears whole and with mode 0600, or not at all; of several processes
    that try at once one makes it and all return the same key.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    write_once(path, base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
    return load_key(path)


def load_key(path: Path) -> bytes:
    """Read the key. Raises VaultKeyError."""
    try:
        if path.stat().st_mode & _OTHERS:
            raise VaultKeyError(
                f"The vault's key {path} can be read by others: run chmod 600 {path}."
            )
        key = base64.b64decode(path.read_bytes().strip(), validate=True)
    except FileNotFoundError:
        raise VaultKeyError(
            f"The vault's key {path} is missing: put the key file back that belongs to "
            "this vault (a backup has it). Without it passwords and keys are lost."
        ) from None
    except PermissionError:
        raise VaultKeyError(
            f"The vault's key {path} belongs to somebody else: run Flashlog as the "
            "user who made it."
        ) from None
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise VaultKeyError(
            f"The vault's key {path} is damaged: put the key file back from a backup."
        )
    return key


def next_of(path: Path) -> Path:
    """Return where the key is made that is to take another's place."""
    return path.with_name(f"{path.name}.next")


def fitting_key(
    path: Path, seal: Callable[[], bytes], fits: Callable[[bytes, bytes], bool]
) -> tuple[bytes, bytes]:
    """Return the key that opens the vault's seal, and that seal.

    Where that is the next one, somebody was killed before it was in its place, or is
    just putting it there: it is put there. Raises VaultKeyError.
    """
    # Others may put it in its place between our two looks.
    for _ in range(2):
        now, following = seal(), _key_in(next_of(path))
        if following is not None and fits(following, now):
            with suppress(FileNotFoundError):
                next_of(path).replace(path)
                sync_directory(path.parent)
            return following, now
        key = load_key(path)
        if fits(key, now):
            return key, now
    raise VaultKeyError(
        f"The key {path} does not fit the vault: put the key file back that belongs to "
        "it (a backup has both)."
    )


def _key_in(path: Path) -> bytes | None:
    try:
        return load_key(path)
    except VaultKeyError:
        return None
