"""Short ways to say where to connect to, as whom, and what to send."""

import hashlib
import itertools
import random
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from application.ports import HostKey, Login, Span, Target

CREDENTIALS_ID = UUID("00000000-0000-4000-8000-00000000c0de")


def by_password(port: int, password: str, username: str = "root") -> Login:
    return Login(
        credentials_id=CREDENTIALS_ID, username=username, port=port, password=password
    )


def by_key(
    port: int, private_key: str, username: str, passphrase: str | None = None
) -> Login:
    return Login(
        credentials_id=CREDENTIALS_ID,
        username=username,
        port=port,
        private_key=private_key,
        passphrase=passphrase,
    )


def at_loopback(*logins: Login, host_key: HostKey | None = None) -> Target:
    return Target(addresses=("127.0.0.1",), logins=logins, host_key=host_key)


class MemoryImage:
    """An `ImageSource` of noise that is the same in every run."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._bytes = random.Random(size).randbytes(size)
        self.sha256 = hashlib.sha256(self._bytes).hexdigest()
        self.largest_read = 0

    def read(self, start: int, length: int) -> bytes:
        self.largest_read = max(self.largest_read, length)
        return self._bytes[start : start + length]

    def spans(self, count: int) -> list[Span]:
        edges = [self.size * index // count for index in range(count + 1)]
        return [Span(*pair) for pair in itertools.pairwise(edges)]


def dd_to(path: Path) -> Callable[[int], str]:
    def command(offset: int) -> str:
        return (
            f"dd of='{path}' bs=65536 seek={offset} oflag=seek_bytes conv=notrunc"
            " 2>/dev/null"
        )

    return command


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
