"""C2SP tlog-checkpoints: the size and the root of a tree, signed."""

import base64
import binascii

import msgspec

from domain.transparency.hashing import HASH_BYTES
from domain.transparency.note import Note, NoteError, SigningKey, VerifierKey

_LINES_MIN = 3
_DIGITS_MAX = 19


class Checkpoint(msgspec.Struct, frozen=True):
    """What a note says of a tree. `origin` names the log."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @classmethod
    def read(cls, text: str) -> "Checkpoint":
        """Read the text of a note. Raises NoteError."""
        lines = text.removesuffix("\n").split("\n")
        if len(lines) < _LINES_MIN or not all(lines) or not text.endswith("\n"):
            msg = "this is no checkpoint: origin, size and root, a line each"
            raise NoteError(msg)
        origin, size, root, *extensions = lines
        return cls(origin, _size(size), _root(root), tuple(extensions))

    @property
    def text(self) -> str:
        root = base64.b64encode(self.root).decode()
        return "".join(
            f"{line}\n" for line in (self.origin, self.size, root, *self.extensions)
        )

    def signed(self, key: SigningKey) -> Note:
        return Note(self.text, (key.sign(self.text),))


def checkpoint_of(note: Note, key: VerifierKey) -> Checkpoint:
    """Return what the key has signed of its log. Raises NoteError."""
    note.verify(key)
    checkpoint = Checkpoint.read(note.text)
    if checkpoint.origin != key.name:
        msg = f"this is a checkpoint of {checkpoint.origin}, not of {key.name}"
        raise NoteError(msg)
    return checkpoint


def _size(text: str) -> int:
    is_one = text.isascii() and text.isdecimal() and len(text) <= _DIGITS_MAX
    if not is_one or str(int(text)) != text:
        msg = f"this is no size of a tree: {text!r}"
        raise NoteError(msg)
    return int(text)


def _root(text: str) -> bytes:
    try:
        root = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        root = b""
    if len(root) != HASH_BYTES:
        msg = f"this is no root of a tree: {text!r}"
        raise NoteError(msg)
    return root
