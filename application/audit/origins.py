"""Where a log came from: who signed it before, and how much of it was imported.

A file beside the key, or sealed like it. What a checkpoint says of its own signer is in
the database: who can write to that alone must not be able to name a key that is
believed.
"""

import msgspec

from application.adapters.kept import Kept
from domain.transparency.note import NoteError, VerifierKey

ORIGINS = "audit.origins"


class Origins(msgspec.Struct, frozen=True, kw_only=True):
    """`keys` are vkeys of those who signed before; `imported` events came with them."""

    keys: tuple[str, ...] = ()
    imported: int = 0

    @classmethod
    def of(cls, secrets: Kept) -> "Origins":
        """Read what is known; nothing where the file is not there, or damaged."""
        try:
            return msgspec.json.decode(secrets.load(ORIGINS) or b"", type=cls)
        except (OSError, msgspec.DecodeError):
            return cls()

    def with_keys(self, *vkeys: str) -> "Origins":
        keys = tuple(dict.fromkeys((*self.keys, *vkeys)))
        return msgspec.structs.replace(self, keys=keys)

    def keep(self, secrets: Kept) -> None:
        """Write the file anew. Raises OSError."""
        content = msgspec.json.format(msgspec.json.encode(self), indent=2)
        secrets.save(ORIGINS, content + b"\n")

    def verifiers(self) -> list[VerifierKey]:
        """Return the keys; what is none is left out."""
        found = []
        for vkey in self.keys:
            try:
                found.append(VerifierKey.read(vkey))
            except NoteError:
                continue
        return found
