"""An event of the log as the leaf of a tree: its place and every stored byte of it.

A leaf begins with 49 bytes, all numbers big-endian:

    1   version of this encoding: 1
    8   position, from 1 on
    16  id of the story (the aggregate)
    8   version within the story, from 1 on
    8   when it was recorded: microseconds since 1970 in UTC, signed
    4   bytes of the topic
    4   bytes of the state

Then follow the topic in UTF-8 and the state as it is stored. The index of a leaf in the
tree is its position - 1. No two rows of a log have the same leaf.
"""

import struct
from typing import NamedTuple

from domain.transparency.hashing import leaf_hash

_ENCODING = 1
_PLACE = struct.Struct(">BQ16sQqII")
_ID_BYTES = 16


class NoLeafError(ValueError):
    """A row of the log that no Flashlog has written."""


class StoredRow(NamedTuple):
    """A row of the log as it is stored; `recorded_at` in microseconds since 1970."""

    position: int
    originator_id: bytes
    originator_version: int
    topic: bytes
    state: bytes
    recorded_at: int


def leaf_of(row: StoredRow) -> bytes:
    """Return the leaf of a row. Raises NoLeafError for one that cannot be right."""
    position, originator_id, version, topic, state, recorded_at = row
    try:
        if len(originator_id) != _ID_BYTES:
            raise NoLeafError(position)
        place = _PLACE.pack(
            *(_ENCODING, position, originator_id, version),
            *(recorded_at, len(topic), len(state)),
        )
        return place + topic + state
    except (struct.error, TypeError) as error:
        raise NoLeafError(position) from error


def leaf_hash_of(row: StoredRow) -> bytes:
    """Return the hash of a row's leaf. Raises NoLeafError."""
    return leaf_hash(leaf_of(row))
