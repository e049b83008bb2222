"""C2SP signed notes: a text, and who vouches for it with Ed25519.

NoteError
└── SignatureError   a note that a key should have signed, and did not
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

# Kinds of signature: of a note; of a checkpoint by a witness, with the time.
ED25519, COSIGNATURE = 1, 4
SIGNATURES_MAX = 64

_ID_BYTES, _KEY_BYTES, _TIME_BYTES = 4, 32, 8
_PRIVATE = "PRIVATE+KEY+"
_LINE = re.compile("\u2014 ([^ +\\s]+) ([A-Za-z0-9+/]+={0,2})")
_NAME = re.compile(r"[^\s+]+")


class NoteError(ValueError):
    """A text that is no note, or a key that is none; the message says why."""


class SignatureError(NoteError):
    """The note is not signed by the key that should have signed it."""


class Signature(msgspec.Struct, frozen=True):
    """One line below a note. `content` is what follows the id of the key."""

    name: str
    key_id: bytes
    content: bytes

    @property
    def line(self) -> str:
        return f"\u2014 {self.name} {_encoded(self.key_id + self.content)}\n"


class VerifierKey(msgspec.Struct, frozen=True):
    """A public key with its name; written as `name+id+key`, a vkey."""

    name: str
    public: bytes
    kind: int = ED25519

    @classmethod
    def read(cls, text: str) -> "VerifierKey":
        """Read a vkey. Raises NoteError."""
        name, _, rest = text.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        content = _decoded(encoded)
        known = content[:1] in {bytes([ED25519]), bytes([COSIGNATURE])}
        if not _NAME.fullmatch(name) or not known or len(content) != _KEY_BYTES + 1:
            msg = f"{text.strip()!r} is no Ed25519 key of the form name+id+key"
            raise NoteError(msg)
        key = cls(name, content[1:], content[0])
        if key.key_id.hex() != key_id:
            msg = f"{text.strip()!r} is damaged: its id should be {key.key_id.hex()}"
            raise NoteError(msg)
        return key

    @property
    def key_id(self) -> bytes:
        named = f"{self.name}\n".encode() + bytes([self.kind]) + self.public
        return hashlib.sha256(named).digest()[:_ID_BYTES]

    @property
    def text(self) -> str:
        encoded = _encoded(bytes([self.kind]) + self.public)
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    def is_of(self, signature: Signature) -> bool:
        return (self.name, self.key_id) == (signature.name, signature.key_id)

    def verify(self, text: str, signature: Signature) -> None:
        """Raise SignatureError unless this key has signed the text."""
        content, signed = signature.content, text.encode()
        if self.kind == COSIGNATURE:
            at = int.from_bytes(content[:_TIME_BYTES])
            content = content[_TIME_BYTES:]
            signed = f"cosignature/v1\ntime {at}\n".encode() + signed
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(content, signed)
        except (InvalidSignature, ValueError):
            msg = f"the signature of {self.name} is not by its key {self.key_id.hex()}"
            raise SignatureError(msg) from None


class SigningKey:
    """A private key with its name."""

    def __init__(self, name: str, seed: bytes) -> None:
        self._seed = seed
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        public = self._private.public_key().public_bytes_raw()
        self.verifier = VerifierKey(name, public)

    @classmethod
    def make(cls, name: str) -> "SigningKey":
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def read(cls, text: str) -> "SigningKey":
        """Read what `text` has written. Raises NoteError."""
        name, _, encoded = text.strip().removeprefix(_PRIVATE).partition("+")
        content = _decoded(encoded.partition("+")[2])
        is_one = text.startswith(_PRIVATE) and content[:1] == bytes([ED25519])
        if not is_one or len(content) != _KEY_BYTES + 1 or not _NAME.fullmatch(name):
            msg = "this is no private Ed25519 key of the form PRIVATE+KEY+name+id+key"
            raise NoteError(msg)
        return cls(name, content[1:])

    @property
    def text(self) -> str:
        key_id = self.verifier.key_id.hex()
        encoded = _encoded(bytes([ED25519]) + self._seed)
        return f"{_PRIVATE}{self.verifier.name}+{key_id}+{encoded}"

    def sign(self, text: str) -> Signature:
        key = self.verifier
        return Signature(key.name, key.key_id, self._private.sign(text.encode()))


class Note(msgspec.Struct, frozen=True):
    """A text that ends in a newline, and its signatures."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def read(cls, whole: str) -> "Note":
        """Read a note as it is stored or sent. Raises NoteError."""
        text, blank, below = whole.rpartition("\n\n")
        if not blank or not below.endswith("\n") or _has_control_characters(whole):
            msg = "this is no signed note: a text, an empty line, lines of signatures"
            raise NoteError(msg)
        return cls(f"{text}\n", tuple(signatures_of(below)))

    @property
    def whole(self) -> str:
        return f"{self.text}\n{''.join(each.line for each in self.signatures)}"

    def verify(self, key: VerifierKey) -> None:
        """Raise SignatureError unless the key has signed, and nobody in its name."""
        by_key = [each for each in self.signatures if key.is_of(each)]
        if not by_key:
            signers = ", ".join(
                f"{each.name} with key {each.key_id.hex()}" for each in self.signatures
            )
            msg = (
                f"not signed by {key.name} with key {key.key_id.hex()} but by {signers}"
            )
            raise SignatureError(msg)
        for each in by_key:
            key.verify(self.text, each)


def signatures_of(lines: str) -> Iterator[Signature]:
    """Read lines of signatures. Raises NoteError."""
    found = lines.removesuffix("\n").split("\n")
    if len(found) > SIGNATURES_MAX:
        msg = f"a note has {SIGNATURES_MAX} signatures at most"
        raise NoteError(msg)
    for line in found:
        match = _LINE.fullmatch(line)
        content = _decoded(match[2]) if match else b""
        if match is None or len(content) <= _ID_BYTES:
            msg = f"this is no line of a signature: {line!r}"
            raise NoteError(msg)
        yield Signature(match[1], content[:_ID_BYTES], content[_ID_BYTES:])


def _has_control_characters(text: str) -> bool:
    return any(each < " " and each != "\n" for each in text)


def _encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
