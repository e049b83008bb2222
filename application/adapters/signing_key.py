"""The key that signs checkpoints: a file that only its owner can read."""

from pathlib import Path

from application.adapters.durable import write_once
from domain.transparency.note import NoteError, SigningKey

_OTHERS = 0o077


class SigningKeyError(Exception):
    """The key file cannot be used; the message says what to do."""


def take_signing_key(path: Path, name: str) -> SigningKey:
    """Return the key that is there; the first start makes one under a name.

    Of several processes that try at once one makes it and all return the same key.
    Raises SigningKeyError.
    """
    if not path.exists():
        write_once(path, f"{SigningKey.make(name).text}\n".encode())
    try:
        if path.stat().st_mode & _OTHERS:
            msg = f"The key {path} can be read by others: run chmod 600 {path}."
            raise SigningKeyError(msg)
        return SigningKey.read(path.read_text())
    except PermissionError:
        msg = (
            f"The key {path} belongs to somebody else: run Flashlog as the user who "
            "made it."
        )
        raise SigningKeyError(msg) from None
    except (NoteError, UnicodeDecodeError):
        msg = (
            f"The key {path} is damaged: put the file back from a backup. Without it "
            "nobody can tell new checkpoints from another's; if it is lost, move it "
            "away, and give the new public key (flashlog audit key) to those who "
            "verify."
        )
        raise SigningKeyError(msg) from None
