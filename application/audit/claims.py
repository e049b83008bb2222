"""What was signed of a log: stored checkpoints, and those that a verifier holds."""

import heapq
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from application.adapters.audit_store import AuditStore
from domain.transparency.checkpoint import Checkpoint, checkpoint_of
from domain.transparency.note import Note, NoteError, VerifierKey


class Claim(NamedTuple):
    """A size and the root that the tree has there; `trouble` where nobody signed it."""

    size: int
    root: bytes
    is_held: bool
    trouble: str = ""


def claims(
    store: AuditStore | None, held: Sequence[Note], keys: Sequence[VerifierKey]
) -> Iterator[Claim]:
    """Return everything that was signed, smallest size first."""
    own = sorted((_claim(note, keys) for note in held), key=_size)
    stored = _stored(store, keys) if store is not None else iter(())
    yield from heapq.merge(own, stored, key=_size)


def keys_in(store: AuditStore) -> list[VerifierKey]:
    """Return the keys that are said to have signed what is stored."""
    vkeys = dict.fromkeys(each.vkey for each in store.checkpoints())
    found = []
    for vkey in vkeys:
        try:
            found.append(VerifierKey.read(vkey))
        except NoteError:
            continue
    return found


def _stored(store: AuditStore, keys: Sequence[VerifierKey]) -> Iterator[Claim]:
    for kept in store.checkpoints():
        try:
            claim = _claim(Note.read(kept.note), keys, is_held=False)
            trouble = "" if claim.size == kept.size else "it was kept as another's"
            if not claim.trouble and trouble:
                claim = claim._replace(trouble=trouble)
        except NoteError as error:
            claim = Claim(kept.size, b"", is_held=False, trouble=str(error))
        yield claim._replace(size=kept.size)


def _claim(note: Note, keys: Sequence[VerifierKey], *, is_held: bool = True) -> Claim:
    """Read a note. Raises NoteError for one that is no checkpoint."""
    checkpoint = Checkpoint.read(note.text)
    trouble = ""
    for key in keys:
        try:
            checkpoint_of(note, key)
        except NoteError as error:
            trouble = trouble or str(error)
        else:
            return Claim(checkpoint.size, checkpoint.root, is_held)
    trouble = trouble or "there is no key to check it with"
    return Claim(checkpoint.size, checkpoint.root, is_held, trouble)


def _size(claim: Claim) -> int:
    return claim.size
