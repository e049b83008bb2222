"""The numbers by which PostgreSQL knows locks of ours."""

import hashlib
from typing import Any


def key_of(*words: Any) -> int:
    """Return the number of a lock that is known by these words."""
    digest = hashlib.sha256("\0".join(map(str, ("flashlog", *words))).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
